"""A level's time is over: the appeal goes one level up, and at headquarters it is told again (I3.2)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from incentives.appeals.case import Case, chain, lock_case, take_step
from incentives.appeals.policy import AppealPolicy
from incentives.appeals.rules import AppealMoved, Level, due, seat_after
from incentives.slips.rules import Command, Role, State

LEVEL = "appeal.level"
OVERDUE, ASSIGNED = "overdue", "assigned"


def escalate_appeal(tx: Transaction, slip_id: str, policy: AppealPolicy) -> None:
    """The handler of the level's clock."""
    case = lock_case(tx, slip_id)
    if case.state not in {State.ASSIGNED, State.REOPENED}:
        return
    before, seat, due_at = case.opened, seat_after(chain(tx, case), Level(case.opened.level)), due(tx.now, policy)
    where = {"level": seat.level.value, "decider_id": seat.decider_id, "due_at": due_at, "moves": before.moves + 1}
    moved = take_step(tx, case, Command.ESCALATE, roles={Role.SYSTEM}, appeal=where)
    tx.deadlines.start(LEVEL, slip_id, due_at)
    tell_moved(tx, moved, OVERDUE, before.decider_id)


def tell_moved(tx: Transaction, case: Case, why: str, previous: str) -> None:
    slip, appeal = case.slip, case.opened
    tx.record(
        AppealMoved(
            slip.slip_id, appeal.appeal_id, slip.beneficiary_name, slip.customer_name, case.amount, why, appeal.level,
            appeal.decider_id, previous, appeal.due_at, appeal.moves,
        )
    )  # fmt: skip
