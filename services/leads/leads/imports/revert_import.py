"""Take a whole import back (LD1.6): leads nobody has touched go with their clocks, owners and load; others are named.

In the background, chunk by chunk, each one transaction: whoever goes on after a crash finds what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from chassis.audit import Entry
from chassis.errors import FailedPrecondition
from chassis.identity import of_service
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.imports import revert_store, store
from leads.imports.attempts import THROUGH
from leads.imports.history import HistoryKind
from leads.imports.revert_rules import why_it_stays
from leads.imports.tell_progress import tell_progress
from leads.lead import rules as lead_rules
from leads.lead import store as leads
from leads.lead.events import LeadWithdrawn
from leads.lead.rules import Changes, Command, Lead
from leads.ownership import store as ownership

_CHUNK = 200
_AT_REST = {"done", "cancelled", "failed"}


class ImportNotRevertible(FailedPrecondition):
    en = "An import that is {state} can't be reverted; it has to be over, and more than a trial."
    zh = "状态为 {state} 的导入不能撤回；只能撤回已结束的正式导入。"


def revert_import(tx: Transaction, import_id: str, reason: str) -> Row[Any]:
    """Raises ImportNotFound or ImportNotRevertible."""
    row = store.load(tx, import_id, lock=True)
    if row.state not in _AT_REST or row.dry_run:
        raise ImportNotRevertible(state="dry_run" if row.dry_run else row.state)
    tx.audit(
        action="lead_import.revert",
        entity="lead_import",
        entity_id=import_id,
        before={"state": row.state, "created": row.created, "appended": row.appended},
        after={"state": "reverting"},
        why=reason,
    )
    return store.change(tx, import_id, state="reverting", revert_reason=reason, **THROUGH)


def revert_chunk(uow: UnitOfWork, import_id: str, history: Mapping[str, HistoryKind] | None = None) -> bool:
    """False when all of it is taken back."""
    with uow.begin(of_service(uow.service)) as tx:
        row = store.load(tx, import_id, lock=True)
        if row.state != "reverting":
            return False
        kind = (history or {}).get(row.kind)
        if kind is not None:
            return _take_history_back(tx, row, kind)
        found = revert_store.lock_next(tx, import_id, row.reverted_lead, _CHUNK)
        touches = revert_store.next_touches(tx, import_id, row.reverted_touch, _CHUNK) if not found else []
        if found:
            row = _take_leads(tx, row, found)
        elif touches:
            row = _take_touches(tx, row, touches)
        else:
            row = store.change(tx, import_id, state="reverted", finished_at=tx.now)
        tell_progress(tx, row)
        tx.commit()
    return bool(found or touches)


def _take_history_back(tx: Transaction, row: Row[Any], kind: HistoryKind) -> bool:
    back = kind.take_back(tx, row, _CHUNK)
    kept = back.kept or {}
    stays = {each: (why, why_zh) for each, (_, why, why_zh) in kept.items()}
    revert_store.keep(tx, row.import_id, stays, {each: name for each, (name, _, _) in kept.items()})
    row = store.change(
        tx,
        row.import_id,
        withdrawn=row.withdrawn + back.withdrawn,
        kept=row.kept + len(kept),
        touches_removed=row.touches_removed + back.undone,
        **THROUGH,
        **({} if back.more else {"state": "reverted", "finished_at": tx.now}),
    )
    tell_progress(tx, row)
    tx.commit()
    return back.more


def _take_leads(tx: Transaction, row: Row[Any], found: list[Lead]) -> Row[Any]:
    done = revert_store.done_with(tx, row.import_id, [each.lead_id for each in found])
    stays = {}
    for lead in found:
        merged = ["merged"] if lead.merged_into is not None else []
        kinds, hows = [*merged, *done.kinds.get(lead.lead_id, [])], done.hows.get(lead.lead_id, [])
        if why := why_it_stays(kinds, hows, other_touches=lead.lead_id in done.touched):
            stays[lead.lead_id] = why
    revert_store.keep(tx, row.import_id, stays)
    untouched = [each for each in found if each.lead_id not in stays]
    if untouched:
        _withdraw(tx, row, untouched)
    return store.change(
        tx,
        row.import_id,
        withdrawn=row.withdrawn + len(untouched),
        kept=row.kept + len(stays),
        # Who goes on from there need not step over all that is withdrawn.
        reverted_lead=found[-1].lead_id,
        **THROUGH,
    )


def _withdraw(tx: Transaction, row: Row[Any], found: list[Lead]) -> None:
    reason = row.revert_reason
    tx.deadlines.stop_all(*(each.lead_id for each in found))
    leads.save_all(tx, [(each, _withdrawn(each, reason)) for each in found])
    said = f"Its import was taken back: {reason}", f"所属导入已撤回：{reason}"
    leads.notes(tx, [leads.entry(tx, each.lead_id, "withdrawn", *said, reference=row.import_id) for each in found])
    for each in found:
        tx.record(LeadWithdrawn(each.lead_id, row.import_id, each.owner_id, each.unit, tx.now))
    tx.audit_all(
        Entry(
            "lead.withdraw",
            "lead",
            each.lead_id,
            before={"state": each.state.value, "owner_id": each.owner_id},
            after={"state": "withdrawn"},
            why=reason,
        )
        for each in found
    )
    # The reps' rows last: other leads wait for them.
    ownership.end_all(tx, found, "withdrawn")


def _withdrawn(lead: Lead, reason: str) -> Changes:
    return {
        "state": lead_rules.after(lead.state, Command.WITHDRAW),
        "owner_id": "",
        "reason": reason,
        "reason_zh": reason,
        "yellow": False,
        "waiting_since": None,
        "recycle_due_at": None,
    }


def _take_touches(tx: Transaction, row: Row[Any], touches: list[Row[Any]]) -> Row[Any]:
    revert_store.take_off(tx, touches)
    said = "A touch was taken off: its import was reverted.", "所属导入已撤回，相应触点已移除。"
    touched = sorted({each.lead_id for each in touches})
    leads.notes(tx, [leads.entry(tx, each, "touch_removed", *said, reference=row.import_id) for each in touched])
    return store.change(
        tx,
        row.import_id,
        touches_removed=row.touches_removed + len(touches),
        reverted_touch=touches[-1].touch_id,
        **THROUGH,
    )
