"""Follow-ups of the system before, into the interactions of known customers: they start and stop no clock (LD1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from chassis.errors import Violation
from chassis.unit_of_work import Transaction
from leads.customer_grades.mark_customers import mark_customers
from leads.history_import.find_customers import Customers
from leads.history_import.form_rules import FOLLOW_UPS
from leads.history_import.line_rules import FollowUpLine
from leads.history_import.read_rules import read_follow_up
from leads.imports.history import Taken, TakenBack
from leads.imports.try_rows import Judged
from leads.interactions import store
from leads.interactions.rules import Interaction, Source

# They hang on nothing, so that many go at once.
_EASY = 10


class FollowUpsKind:
    form = FOLLOW_UPS

    def read(self, cells: Sequence[str], columns: Any, width: int, now: datetime) -> FollowUpLine:
        return read_follow_up(cells, columns, width, now)

    def key(self, line: FollowUpLine) -> str:
        whose = line.whose
        return line.external_id or _reference(whose.code or whose.uscc or whose.name_key, line)

    def take(self, tx: Transaction, lines: Sequence[tuple[int, FollowUpLine]], row: Row[Any]) -> Taken:
        customers = Customers.locked(tx, [line.whose for _, line in lines])
        found = [(number, line, customers.meant(line.whose)) for number, line in lines]
        refused = [(number, each) for number, _, each in found if isinstance(each, Violation)]
        told = [
            (number, _interaction(each.customer_id, line, row.import_id), each.name)
            for number, line, each in found
            if not isinstance(each, Violation)
        ]
        held = store.known(tx, [one.reference for _, one, _ in told], [one.external_id for _, one, _ in told])
        judged, new = [], []
        for number, one, name in told:
            known = {one.reference, one.external_id} & held
            judged.append(Judged(number, "appended" if known else "created", name, str(one.customer_id)))
            if not known:
                held |= {one.reference, one.external_id} - {""}
                new.append(one)
        store.keep(tx, new)
        mark_customers(tx, {str(each.customer_id) for each in new})
        return Taken(judged, refused)

    def take_back(self, tx: Transaction, row: Row[Any], most: int) -> TakenBack:
        """Nobody changes them, so all of them go."""
        whose = store.forget_import(tx, row.import_id, most * _EASY)
        mark_customers(tx, set(whose))
        return TakenBack(withdrawn=len(whose), more=bool(whose))


def _interaction(customer_id: str, line: FollowUpLine, import_id: str) -> Interaction:
    return Interaction(
        reference=_reference(customer_id, line),
        channel=line.channel,
        direction="outbound",
        outcome="",
        source=Source.MIGRATED,
        customer_id=customer_id,
        lead_id=None,
        by=line.by,
        at=line.at,
        need=line.need,
        text=line.text,
        next_step=line.next_step,
        external_id=line.external_id,
        import_id=import_id,
    )


def _reference(whose: str, line: FollowUpLine) -> str:
    """The same row of the same customer twice is one, also without an id of the old system."""
    told = "\n".join((whose, line.at.isoformat(), line.channel, line.by, line.text))
    return f"migrated-{sha256(told.encode()).hexdigest()[:32]}"
