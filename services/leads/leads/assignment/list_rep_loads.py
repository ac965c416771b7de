"""Load, conversion and fairness per rep, as the assignment sees them (LD3.2, LD3.3, LD3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from chassis.identity import Identity
from chassis.rpc.paging import Page
from leads.assignment import choice_rules, filter_rules, rules
from leads.assignment.assigner import Assigner
from leads.assignment.input_rules import Reps
from leads.assignment.policy import AssignmentPolicy
from leads.lead.rules import Grade


@dataclass(frozen=True)
class RepLoad:
    employee_id: str
    name: str
    unit: str
    manager_id: str
    weighted: float
    baseline: float
    load: float
    conversion: float
    status: str
    owed: dict[Grade, float] = field(default_factory=dict)
    received: dict[Grade, float] = field(default_factory=dict)
    drift: dict[Grade, float] = field(default_factory=dict)


def list_rep_loads(assigner: Assigner, identity: Identity, at: datetime, page: Page) -> tuple[Sequence[RepLoad], str]:
    """By employee id; the reps that the caller may see."""
    _, policy = assigner.policy()
    reps, after = assigner.board.view(at, policy).reps, str(page.after.get("id", ""))
    mine = [i for i in _reps_in(reps) if identity.may_see(str(reps.employee_id[i]), str(reps.unit[i]))]
    rest = [i for i in mine if str(reps.employee_id[i]) > after]
    return page.cut(_told(reps, policy, rest[: page.limit]), lambda each: {"id": each.employee_id})


def rep_loads(assigner: Assigner, at: datetime) -> list[RepLoad]:
    """Of everybody."""
    _, policy = assigner.policy()
    reps = assigner.board.view(at, policy).reps
    return _told(reps, policy, _reps_in(reps))


def _reps_in(reps: Reps) -> list[int]:
    positions: list[int] = np.flatnonzero(reps.is_rep).tolist()
    return positions


def _told(reps: Reps, policy: AssignmentPolicy, positions: Sequence[int]) -> list[RepLoad]:
    """To tell of one costs a hundred times what it costs to measure one: only those who are shown."""
    loaded = filter_rules.loads(reps, policy)
    conv = rules.conversion(reps.won.astype(float), reps.closed.astype(float), reps.team_rate, policy.conversion_prior)
    return [
        RepLoad(
            employee_id=str(reps.employee_id[i]),
            name=str(reps.name[i]),
            unit=str(reps.unit[i]),
            manager_id=str(reps.manager_id[i]),
            weighted=round(float(loaded.weighted[i]), 2),
            baseline=float(loaded.baseline[i]),
            load=round(float(loaded.load[i]), 2),
            conversion=round(float(conv[i]), 6),
            status=str(reps.status[i]),
            **_fairness(reps, i, policy),
        )
        for i in positions
    ]


def _fairness(reps: Reps, at: int, policy: AssignmentPolicy) -> dict[str, dict[Grade, float]]:
    owed, received, drift = {}, {}, {}
    for grade in Grade:
        owed[grade] = round(float(reps.owed[grade][at]), 6)
        received[grade] = float(reps.received[grade][at])
        off = choice_rules.drift(owed[grade], received[grade], policy)
        if off is not None:
            drift[grade] = round(off, 6)
    return {"owed": owed, "received": received, "drift": drift}
