"""Who may be scored at all (LD3.6): the hard filters in their order, the newcomer quota, and the weights in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from chassis.kernel.calendar import local_date
from leads.assignment import rules
from leads.assignment.input_rules import Circumstances, Names, Reps, Wanted
from leads.assignment.policy import AssignmentPolicy, Weights
from leads.assignment.rules import Column, Mask
from leads.lead.rules import Grade

# Position of a filter in FILTERS, NOBODY for a rep whom none refuses.
Refusals = NDArray[np.int8]

INACTIVE = frozenset({"frozen", "disabled", "departed"})
NOBODY = -1
NOISE = 1e-9

FILTERS = (
    "not_a_rep",
    "inactive",
    "paused",
    "off_shift",
    "on_leave",
    "grade",
    "industry",
    "previous_owner",
    "load",
    "a_today",
    "not_a_newcomer",
)


@dataclass(frozen=True)
class Survey:
    """What is said over all reps for one lead. `refused_by`: the first filter that takes a rep out, NOBODY for none.

    `filtered`: how many each filter took out; a rep counts under the first.
    """

    refused_by: Refusals
    mean_load: float
    high_load: bool
    weights: Weights
    newcomer_quota: bool
    filtered: dict[str, int] = field(default_factory=dict)


def survey(reps: Reps, loads: Loads, wanted: Wanted, circumstances: Circumstances, policy: AssignmentPolicy) -> Survey:
    refused_by = refusals(reps, loads, wanted, circumstances, policy)
    mean = rules.mean_load(loads.load, eligible(reps, wanted.grade))
    new = newcomers(reps, circumstances, policy)
    free = refused_by == NOBODY
    quota = quota_is_due(wanted.grade, circumstances, policy) and bool((free & new).any())
    if quota:
        refused_by[free & ~new] = FILTERS.index("not_a_newcomer")
    return Survey(refused_by, mean, *mode(wanted.grade, mean, circumstances, policy), quota, counted(refused_by))


def mode(
    grade: Grade, mean_load: float, circumstances: Circumstances, policy: AssignmentPolicy
) -> tuple[bool, Weights]:
    """Whether high load is in force for the grade, and the weights that hold then (LD3.5)."""
    high = rules.is_high_load(mean_load, circumstances.high_load_before, policy)
    return high, rules.weights_for(grade, high, policy)


def refusals(
    reps: Reps, loads: Loads, wanted: Wanted, circumstances: Circumstances, policy: AssignmentPolicy
) -> Refusals:
    """The first filter that takes each rep out, the quota apart."""
    refused_by = np.full(len(reps), NOBODY, dtype=np.int8)
    for at, passes in reversed(list(enumerate(_passes(reps, loads, wanted, circumstances, policy)))):
        refused_by[~passes] = at
    return refused_by


def counted(refused_by: Refusals) -> dict[str, int]:
    """How many each filter took out."""
    counts = np.bincount(refused_by + 1, minlength=len(FILTERS) + 1)
    return {name: int(count) for name, count in zip(FILTERS, counts[1:], strict=True) if count}


def eligible(reps: Reps, grade: Grade) -> Mask:
    """Active reps that may take the grade: those over whom the mean load is taken (LD3.5)."""
    return reps.is_rep & _is(reps.status, "active") & allows(reps, reps.grades, grade)


def newcomers(reps: Reps, circumstances: Circumstances, policy: AssignmentPolicy) -> Mask:
    """Tenure below 90 days."""
    first_day = local_date(circumstances.at).toordinal() - policy.newcomer_days
    return reps.hired_on > first_day


def quota_is_due(grade: Grade, circumstances: Circumstances, policy: AssignmentPolicy) -> bool:
    """≥ 10 A leads in 7 days and newcomers got < 10 % of them; it concerns A leads, which the quota counts."""
    given = circumstances.a_given
    enough = given >= policy.newcomer_from_leads
    return grade is Grade.A and enough and circumstances.a_to_newcomers < policy.newcomer_quota * given


@dataclass(frozen=True)
class Loads:
    """Weighted open leads, baseline and load of each rep (LD3.2)."""

    weighted: Column
    baseline: Column
    load: Column


def loads(reps: Reps, policy: AssignmentPolicy) -> Loads:
    baseline = _baselines(reps, policy)
    weighted = rules.weighted_load(
        reps.open_a.astype(float), reps.open_b.astype(float), reps.open_c.astype(float), policy
    )
    return Loads(weighted, baseline, rules.load(weighted, baseline))


def allows(reps: Reps, column: Names, value: str) -> Mask:
    """Who takes leads of a grade or industry: `column` holds the sets, an empty one takes all."""
    allowed = np.ones(len(reps), dtype=bool)
    allowed[reps.limited] = [not each or value in each for each in column[reps.limited]]
    return allowed


def refused_for_load(reps: Reps, loads: Loads, grade: Grade, day: date, policy: AssignmentPolicy) -> Refusals:
    """As `refusals`, of reps whom nothing else can refuse."""
    room, below_cap = _takes_one_more(reps, loads, grade, day, policy)
    by_cap = np.where(below_cap, NOBODY, FILTERS.index("a_today"))
    return np.where(room, by_cap, FILTERS.index("load")).astype(np.int8)


def _takes_one_more(reps: Reps, loads: Loads, grade: Grade, day: date, policy: AssignmentPolicy) -> tuple[Mask, Mask]:
    """Who has room for one more open lead of the grade, and who has not taken the A leads of the day yet."""
    fits = loads.weighted + policy.grade_weights[grade] <= loads.baseline + NOISE
    room = (loads.load < 1) & fits
    if grade is not Grade.A:
        return room, np.ones(len(reps), dtype=bool)
    taken = np.where(reps.a_day == day.toordinal(), reps.a_taken, 0)
    return room, taken < policy.a_leads_per_day


def _passes(
    reps: Reps, loads: Loads, wanted: Wanted, circumstances: Circumstances, policy: AssignmentPolicy
) -> list[Mask]:
    """The hard filters of LD3.6 in their order, the quota apart: True where the rep passes."""
    everybody = np.ones(len(reps), dtype=bool)
    room, below_cap = _takes_one_more(reps, loads, wanted.grade, local_date(circumstances.at), policy)
    passes = {
        "not_a_rep": reps.is_rep,
        "inactive": ~np.isin(reps.status, list(INACTIVE)) & ~_is(reps.status, ""),
        "paused": ~reps.paused,
        "off_shift": everybody if circumstances.on_shift else ~everybody,
        "on_leave": ~_is(reps.status, "on_leave"),
        "grade": allows(reps, reps.grades, wanted.grade),
        "industry": allows(reps, reps.industries, wanted.industry) if wanted.industry else everybody,
        "previous_owner": ~np.isin(reps.employee_id, list(wanted.barred)) if wanted.barred else everybody,
        "load": room,
        "a_today": below_cap,
    }
    return [passes[name] for name in FILTERS if name in passes]


def _baselines(reps: Reps, policy: AssignmentPolicy) -> Column:
    of_post = np.full(len(reps), policy.baseline)
    for position, baseline in policy.baseline_by_position.items():
        of_post[_is(reps.position, position)] = baseline
    return np.where(reps.baseline > 0, reps.baseline, of_post)


def _is(column: Names, value: str) -> Mask:
    return np.asarray(column == value, dtype=bool)
