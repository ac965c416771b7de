"""Dispute a slip, or have a rejection looked at once more by the level above."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.appeals import store
from incentives.appeals.case import Case, chain, lock_case, reload, roles_of, take_step
from incentives.appeals.escalate_appeal import LEVEL
from incentives.appeals.policy import AppealPolicy
from incentives.appeals.rules import Level, SlipAppealed, due, seat_after
from incentives.slips import store as slips
from incentives.slips.await_answer import ANSWER
from incentives.slips.rules import Command, NotYourSlip, Role, step_as


def open_appeal(
    tx: Transaction, slip_id: str, etag: str, *, file_id: str, reason: str, claimed: int | None, policy: AppealPolicy
) -> Case:
    """Raises SlipNotFound, EtagMismatch, NotYourSlip, IllegalCommand."""
    case = lock_case(tx, slip_id, etag)
    if case.slip.beneficiary_id != tx.identity.subject:
        raise NotYourSlip()
    disputed = step_as(case.state, Command.APPEAL, roles_of(tx, case))
    seat, due_at = chain(tx, case)[0], due(tx.now, policy)
    values = {
        "appeal_id": new_id(),
        "slip_id": slip_id,
        "beneficiary_id": case.slip.beneficiary_id,
        "unit": case.slip.unit,
        "level": seat.level.value,
        "decider_id": seat.decider_id,
        "claimed_fen": claimed,
        "opened_at": tx.now,
        "due_at": due_at,
    }
    store.insert_appeal(tx, values)
    slips.change_slip(tx, slip_id, {"state": disputed.value})
    tx.audit(
        action="slip.appeal", entity="slip", entity_id=slip_id, before={"state": case.state.value},
        after={"state": disputed.value, **values, "file_id": file_id}, why=reason,
    )  # fmt: skip
    opened = reload(tx, case)
    store.add_step(tx, opened.opened, Command.APPEAL, disputed, note=reason, file_id=file_id)
    assigned = take_step(tx, opened, Command.ASSIGN, roles={Role.SYSTEM})
    _start(tx, assigned, due_at, reason)
    return assigned


def reopen_appeal(tx: Transaction, slip_id: str, etag: str, reason: str, policy: AppealPolicy) -> Case:
    """Raises SlipNotFound, AppealNotFound, EtagMismatch, NotYourSlip, IllegalCommand."""
    case = lock_case(tx, slip_id, etag)
    seat, due_at = seat_after(chain(tx, case), Level(case.opened.level)), due(tx.now, policy)
    where = {"level": seat.level.value, "decider_id": seat.decider_id, "due_at": due_at, "reopened": True}
    reopened = take_step(tx, case, Command.REOPEN, note=reason, appeal=where)
    _start(tx, reopened, due_at, reason)
    return reopened


def _start(tx: Transaction, case: Case, due_at: datetime, reason: str) -> None:
    """From now on the level is waited for, not the beneficiary."""
    slip, appeal = case.slip, case.opened
    tx.deadlines.stop(ANSWER, slip.slip_id)
    tx.deadlines.start(LEVEL, slip.slip_id, due_at)
    claimed = None if appeal.claimed_fen is None else Money(appeal.claimed_fen)
    tx.record(
        SlipAppealed(
            slip.slip_id, appeal.appeal_id, slip.beneficiary_id, slip.beneficiary_name, slip.unit, slip.customer_name,
            case.amount, claimed, reason, appeal.level, appeal.decider_id, due_at, appeal.reopened,
        )
    )  # fmt: skip
