"""SQL of closed leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables

_KEEP_STEPS = text(rows.insertion(tables.lead_step, ("lead_key", "at", "kind")) + " ON CONFLICT DO NOTHING")


@dataclass(frozen=True)
class Step:
    """What was done on the way: call, message, visit; or reply, the customer's."""

    lead_key: str
    at: datetime
    kind: str


class Closed(Protocol):
    """A lead that was won or lost."""

    @property
    def external_id(self) -> str: ...
    @property
    def owner_id(self) -> str: ...
    @property
    def grade(self) -> str: ...
    @property
    def won(self) -> bool: ...
    @property
    def closed_at(self) -> datetime: ...


def keep_steps(tx: Transaction, steps: Sequence[Step]) -> None:
    """Known ones are skipped."""
    if steps:
        tx.execute(_KEEP_STEPS, {"rows": rows.document(asdict(each) for each in steps)})


def keep(tx: Transaction, leads: Sequence[Closed]) -> int:
    """Each lead closes once: the first record stays. How many were new."""
    values = [
        {
            "external_id": each.external_id,
            "owner_id": each.owner_id,
            "grade": str(each.grade),
            "won": each.won,
            "closed_at": each.closed_at,
        }
        for each in leads
    ]
    if not values:
        return 0
    statement = insert(tables.closed_lead).values(values).on_conflict_do_nothing()
    return len(tx.execute(statement.returning(tables.closed_lead.c.external_id)).all())
