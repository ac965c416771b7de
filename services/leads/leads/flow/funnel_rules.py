"""From capture to contract: how many leads reach each step, and what became of those that did not (LD8.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

# Old customers' word is counted apart from new leads: it converts in another way.
OLD_CUSTOMERS = frozenset({"existing_customer_referral"})


class Step(IntEnum):
    """In this order; who reached one has passed those before."""

    CAPTURED = 0
    ASSIGNED = 1
    CONTACTED = 2
    REPLIED = 3
    CONVERTED = 4
    SIGNED = 5


@dataclass(frozen=True)
class Counted:
    """So many leads of one kind got as far as `reached` and no further; `ended`: disqualified there, or lost."""

    channel: str
    grade: str
    reached: Step
    ended: bool
    leads: int


@dataclass
class Stage:
    """`leads` came here; of them `ended` here, `waiting` are here still."""

    leads: int = 0
    ended: int = 0
    waiting: int = 0


@dataclass
class Funnel:
    """One for each kind of lead; empty `channel` or `grade` stand for all of them."""

    old_customers: bool
    channel: str = ""
    grade: str = ""
    stages: dict[Step, Stage] = field(default_factory=lambda: {step: Stage() for step in Step})

    def loss(self, step: Step) -> float | None:
        """Share of those who came to the step before and did not come here; None where nobody came."""
        if step is Step.CAPTURED:
            return None
        before = self.stages[Step(step - 1)].leads
        return 1 - self.stages[step].leads / before if before else None


def funnels(counted: Iterable[Counted]) -> list[Funnel]:
    """Of all, by channel, by grade; new leads and old customers' apart. The parts add up to the whole."""
    found: dict[tuple[bool, str, str], Funnel] = {}
    for each in counted:
        old = each.channel in OLD_CUSTOMERS
        for channel, grade in {("", ""), (each.channel, ""), ("", each.grade)}:
            funnel = found.setdefault((old, channel, grade), Funnel(old, channel, grade))
            _add(funnel, each)
    return [found[key] for key in sorted(found)]


def _add(funnel: Funnel, counted: Counted) -> None:
    for step in Step:
        if step <= counted.reached:
            funnel.stages[step].leads += counted.leads
    last = funnel.stages[counted.reached]
    if counted.reached is Step.SIGNED:
        return
    if counted.ended:
        last.ended += counted.leads
    else:
        last.waiting += counted.leads
