"""What the caps of a month leave of each award, and what a budget holds (I2.2).

Awards stand in the canonical order of their deals: signing time, then key. Who signed earlier is cut or held last, so
the order of arrival decides nothing. Amounts are `Steps`: changes by the time they take effect. A cancellation is a
step like any other: what it frees goes to the awards after it from its own time on (I2.4).

Cost: an award looks at the awards before it only as one running amount that has few changes after its signing. So a
change costs the awards signed after it in the same month of the same rule (or period of the same budget), and the
newest order costs only itself. No other month, rule or deal is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from chassis.kernel.money import Money
from incentives.rule_library.terms_rules import Caps

Steps = Mapping[datetime, int]


def end(steps: Steps) -> int:
    """What it comes to in the end."""
    return sum(steps.values())


@dataclass
class Running:
    """What everybody before has, from the place of one award on: `base` at its signing, and later changes."""

    base: int = 0
    later: dict[datetime, int] = field(default_factory=dict)

    def go_to(self, at: datetime) -> None:
        for passed in [each for each in self.later if each <= at]:
            self.base += self.later.pop(passed)

    def add(self, steps: Steps) -> None:
        for at, change in steps.items():
            self.later[at] = self.later.get(at, 0) + change
            if not self.later[at]:
                del self.later[at]


@dataclass(frozen=True)
class Claim:
    """What a rule gives the people of one deal before its month is looked at."""

    deal_key: str
    rule_id: str
    signed_at: datetime
    caps: Caps
    shares: Mapping[str, Steps]


@dataclass(frozen=True)
class Cut:
    """What one person loses in the end: by the cap per person, then by that of the rule. Fen before and after each."""

    share: int
    after_person: int
    after_rule: int


@dataclass(frozen=True)
class Granted:
    steps: Mapping[str, Steps]
    # Only people who lose something.
    cuts: Mapping[str, Cut]


@dataclass
class Used:
    """What the awards before have used of a month's caps."""

    everybody: Running = field(default_factory=Running)
    people: dict[str, Running] = field(default_factory=dict)

    def of(self, person: str) -> Running:
        return self.people.setdefault(person, Running())

    def add(self, granted: Mapping[str, Steps]) -> None:
        for person, steps in granted.items():
            self.everybody.add(steps)
            self.of(person).add(steps)


def cut(claims: Iterable[Claim], used: Used) -> Iterator[Granted]:
    """The claims of one rule and month in canonical order; `used` is what those before the first have."""
    for claim in claims:
        granted = _cut_one(claim, used)
        used.add(granted.steps)
        yield granted


def _cut_one(claim: Claim, used: Used) -> Granted:
    people = sorted(claim.shares)
    running = [used.everybody, *(used.of(person) for person in people)]
    for each in running:
        each.go_to(claim.signed_at)
    all_used, own_used = running[0].base, {person: used.of(person).base for person in people}
    shares, granted = dict.fromkeys(people, 0), dict.fromkeys(people, 0)
    steps: dict[str, dict[datetime, int]] = {person: {} for person in people}
    cuts: dict[str, Cut] = {}
    for at in sorted({at for each in (*claim.shares.values(), *(r.later for r in running)) for at in each}):
        all_used += used.everybody.later.get(at, 0)
        for person in people:
            own_used[person] += used.of(person).later.get(at, 0)
            shares[person] += claim.shares[person].get(at, 0)
        cuts = _cut_now(claim.caps, shares, own_used, all_used)
        for person in people:
            left = cuts[person].after_rule
            if left != granted[person]:
                steps[person][at] = left - granted[person]
                granted[person] = left
    lost = {person: each for person, each in cuts.items() if each.after_rule != each.share}
    return Granted({person: each for person, each in steps.items() if each}, lost)


def _cut_now(caps: Caps, shares: Mapping[str, int], own_used: Mapping[str, int], all_used: int) -> dict[str, Cut]:
    """At one time. What the rule's cap leaves of an order is shared like what it cuts."""
    after = {person: _left(share, caps.per_person_month, own_used[person]) for person, share in shares.items()}
    whole = sum(after.values())
    left = _left(whole, caps.per_month, all_used)
    final = dict(after)
    if left < whole:
        parts = Money(left).split([Decimal(fen) for fen in after.values()])
        final = {person: part.fen for person, part in zip(after, parts, strict=True)}
    return {person: Cut(share, after[person], final[person]) for person, share in shares.items()}


def _left(wanted: int, cap: int | None, used: int) -> int:
    return wanted if cap is None else max(0, min(wanted, cap - used))


@dataclass(frozen=True)
class Demand:
    """What an award takes of a budget: everybody's part, since those whom one rule pays for an order wait together."""

    deal_key: str
    rule_id: str
    signed_at: datetime
    granted: Mapping[str, Steps]


@dataclass(frozen=True)
class Held:
    steps: Mapping[str, Steps]
    # In the end.
    is_held: bool


def hold(demands: Iterable[Demand], budget: Sequence[tuple[datetime, int]], before: Running) -> Iterator[Held]:
    """The demands on one budget and period in canonical order; `before` is what those before the first take.

    `budget`: amounts with the time from which each holds, the first from the beginning. Nobody overtakes: who does
    not fit waits, and so does everybody signed later, or a large bonus would wait for ever while small ones pass. So
    an award is held exactly while all awards up to it take more than the budget, those that wait included.
    """
    for demand in demands:
        held = _hold_one(demand, budget, before)
        for steps in demand.granted.values():
            before.add(steps)
        yield held


def _hold_one(demand: Demand, budget: Sequence[tuple[datetime, int]], before: Running) -> Held:
    before.go_to(demand.signed_at)
    taken, amount, is_held = before.base, budget[0][1], False
    granted, held = dict.fromkeys(demand.granted, 0), dict.fromkeys(demand.granted, 0)
    steps: dict[str, dict[datetime, int]] = {person: {} for person in demand.granted}
    raised = dict(budget[1:])
    for at in sorted({at for each in (*demand.granted.values(), before.later, raised) for at in each}):
        taken += before.later.get(at, 0)
        amount = raised.get(at, amount)
        for person, changes in demand.granted.items():
            granted[person] += changes.get(at, 0)
        whole = sum(granted.values())
        is_held = whole > 0 and taken + whole > amount
        for person, fen in granted.items():
            wanted = fen if is_held else 0
            if wanted != held[person]:
                steps[person][at] = wanted - held[person]
                held[person] = wanted
    return Held({person: each for person, each in steps.items() if each}, is_held)
