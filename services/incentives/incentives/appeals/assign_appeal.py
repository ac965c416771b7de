"""Hand an appeal to another manager while its level's clock goes on."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from incentives.appeals.case import Case, lock_case, take_step
from incentives.appeals.escalate_appeal import ASSIGNED, tell_moved
from incentives.appeals.rules import NoSuchDecider
from incentives.roster.store import leads_people, unit_of
from incentives.slips.rules import Command


def assign_appeal(tx: Transaction, slip_id: str, etag: str, decider_id: str, reason: str) -> Case:
    """Raises SlipNotFound, AppealNotFound, EtagMismatch, NoSuchDecider, NotTheDecider, OwnPay, IllegalCommand."""
    case = lock_case(tx, slip_id, etag)
    before = case.opened
    changed = take_step(
        tx, case, Command.ASSIGN, note=reason, appeal={"decider_id": decider_id, "moves": before.moves + 1}
    )
    _require_decider(tx, case, decider_id)
    tell_moved(tx, changed, ASSIGNED, before.decider_id)
    return changed


def _require_decider(tx: Transaction, case: Case, decider_id: str) -> None:
    """Somebody who leads people, in the slip's unit or above it, and whom the deal doesn't pay."""
    unit = unit_of(tx, decider_id) or ""
    above = bool(unit) and case.slip.unit.startswith(unit)
    if decider_id in case.paid or not above or not leads_people(tx, decider_id):
        raise NoSuchDecider(decider_id=decider_id)
