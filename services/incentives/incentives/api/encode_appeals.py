"""Contract messages of appeals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from closeloop.incentives.v1 import appeal_service_pb2 as pb
from incentives import mapping
from incentives.appeals import store
from incentives.appeals.case import Case, possible
from incentives.appeals.rules import Level
from incentives.slips.rules import Command

LEVELS = {
    Level.MANAGER: pb.APPEAL_LEVEL_MANAGER,
    Level.DIRECTOR: pb.APPEAL_LEVEL_DIRECTOR,
    Level.HEADQUARTERS: pb.APPEAL_LEVEL_HEADQUARTERS,
}
DECISIONS = {
    pb.DECISION_UPHOLD: Command.UPHOLD,
    pb.DECISION_UPHOLD_PARTLY: Command.UPHOLD_PARTLY,
    pb.DECISION_REJECT: Command.REJECT,
}


def appeal(row: Row[Any], of: Row[Any]) -> pb.Appeal:
    """`of`: the slip."""
    message = pb.Appeal(
        appeal_id=row.appeal_id,
        slip_id=row.slip_id,
        beneficiary_id=row.beneficiary_id,
        unit=row.unit,
        beneficiary_name=of.beneficiary_name,
        customer_name=of.customer_name,
        state=of.state,
        level=LEVELS[Level(row.level)],
        decider_id=row.decider_id,
        reopened=row.reopened,
    )
    for name in ("opened_at", "due_at", "closed_at"):
        if getattr(row, name) is not None:
            getattr(message, name).FromDatetime(getattr(row, name))
    for name in ("claimed", "awarded"):
        if getattr(row, f"{name}_fen") is not None:
            getattr(message, name).CopyFrom(mapping.money(getattr(row, f"{name}_fen")))
    return message


def whole(tx: Transaction, case: Case) -> pb.Appeal:
    """With its steps and what the caller may do."""
    message = appeal(case.opened, case.slip)
    message.steps.extend(_steps(store.steps(tx, case.opened.appeal_id)))
    message.allowed.extend(possible(tx, case))
    return message


def _steps(rows: Sequence[Row[Any]]) -> list[pb.AppealStep]:
    found = []
    for row in rows:
        step = pb.AppealStep(
            actor=row.actor, command=row.command, state=row.state, level=LEVELS[Level(row.level)],
            decider_id=row.decider_id, note=row.note, file_id=row.file_id,
        )  # fmt: skip
        step.at.FromDatetime(row.at)
        found.append(step)
    return found
