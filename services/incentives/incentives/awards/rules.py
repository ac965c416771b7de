"""One rule on one deal, with its amounts by person and time (I2.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from chassis.kernel.calendar import instant, local_date
from incentives.budgets.rules import Span, scope
from incentives.ledger.limit_rules import Claim, Cut, Demand, end
from incentives.ledger.rules import Award, Post
from incentives.ledger.share_rules import Line, capped, yuan
from incentives.rule_library.terms_rules import Caps

Key = tuple[str, str]
Mark = tuple[datetime, str]
People = dict[str, dict[datetime, int]]
Told = Mapping[str, Any]
K = TypeVar("K")


@dataclass
class Item:
    """A rule's award on a deal. `granted` is what the caps of the month leave, `held` what of that waits."""

    deal_key: str
    rule_id: str
    rule_version: int
    group_name: str
    signed_at: datetime
    shares: People = field(default_factory=dict)
    granted: People = field(default_factory=dict)
    held: People = field(default_factory=dict)
    cap_lines: Mapping[str, list[Told]] = field(default_factory=dict)
    budget_lines: list[Told] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.deal_key, self.rule_id

    @property
    def mark(self) -> Mark:
        return self.signed_at, self.deal_key

    @property
    def judged(self) -> tuple[Any, ...]:
        """What it rests on before the month is looked at."""
        return self.rule_version, self.group_name, self.signed_at, self.shares

    def claim(self, caps: Caps) -> Claim:
        return Claim(self.deal_key, self.rule_id, self.signed_at, caps, self.shares)

    def demand(self) -> Demand:
        return Demand(self.deal_key, self.rule_id, self.signed_at, self.granted)

    def part(self, person: str) -> tuple[int, int, int]:
        """In the end: share, granted, held."""
        share, granted, held = (end(each.get(person, {})) for each in (self.shares, self.granted, self.held))
        return share, granted, held

    @property
    def people(self) -> list[str]:
        return sorted(self.shares.keys() | self.granted.keys() | self.held.keys())


@dataclass(frozen=True)
class Explained:
    """How an award came about on its deal."""

    rule_version: int
    group_name: str
    result_fen: int
    formula: str
    formula_zh: str
    lines: list[Told]
    split_lines: Mapping[str, list[Told]]


def items_of(
    shares: Mapping[Post, int], explained: Mapping[Key, Explained], signed: Mapping[str, datetime]
) -> dict[Key, Item]:
    found = {
        (deal, rule): Item(deal, rule, told.rule_version, told.group_name, signed[deal])
        for (deal, rule), told in explained.items()
    }
    for post, fen in shares.items():
        people = found[post.deal_key, post.award.rule_id].shares
        people.setdefault(post.award.beneficiary_id, {})[post.effective_at] = fen
    return found


def posts(items: Iterable[Item], layer: str) -> dict[Post, int]:
    """What is to be booked: layer "granted" or "held"."""
    return {
        Post(item.deal_key, Award(item.rule_id, person), at): fen
        for item in items
        for person, steps in getattr(item, layer).items()
        for at, fen in steps.items()
    }


def month_of(signed_at: datetime) -> tuple[datetime, datetime]:
    """The business month of signing: its first instant, and that of the next."""
    day = local_date(signed_at)
    return instant(day.replace(day=1)), instant(date(day.year + day.month // 12, day.month % 12 + 1, 1))


def earliest(marks: Iterable[tuple[K, Mark]]) -> dict[K, Mark]:
    """From where each has to be looked at anew."""
    found: dict[K, Mark] = {}
    for of, mark in marks:
        found[of] = min(found.get(of, mark), mark)
    return found


def cap_lines(item: Item, cuts: Mapping[str, Cut]) -> dict[str, list[Told]]:
    month, found = f"{local_date(item.signed_at):%Y-%m}", {}
    for person, each in sorted(cuts.items()):
        lines: list[Line] = []
        if each.after_person < each.share:
            lines.append(
                capped(
                    "person_cap", each.after_person, each.share, item.rule_id, f"per person and month {month}",
                    f"每人每月（{month}）",
                )
            )  # fmt: skip
        if each.after_rule < each.after_person:
            lines.append(
                capped(
                    "month_cap", each.after_rule, each.after_person, item.rule_id, f"per month {month}",
                    f"每月合计（{month}）",
                )
            )  # fmt: skip
        found[person] = told(lines)
    return found


def budget_lines(span: Span, is_held: bool, amount_fen: int) -> list[Told]:
    if not is_held:
        return []
    rule, group = scope(span.budget_id)
    whose, whose_zh = (f"rule {rule}", f"规则 {rule}") if rule else (f"group {group}", f"分组 {group}")
    # Nothing that changes with every order before it: each that waits would be written anew.
    en = (
        f"held: with the orders signed before it the budget of {whose} for {span.name}, {yuan(amount_fen)}, is exceeded"
    )
    zh = f"暂缓：连同此前签约的订单，已超出{whose_zh} {span.name} 的预算 {yuan(amount_fen)} 元"
    return told([Line("budget", en, zh)])


def told(lines: Iterable[Line]) -> list[Told]:
    return [asdict(each) for each in lines]


def to_replace(before: Mapping[Key, Item], after: Mapping[Key, Item], unknown: Collection[Key]) -> list[Key]:
    """Awards that rest on something else now. `unknown`: rules that could not be run, of which nothing is touched."""
    return sorted(
        key for key in (before.keys() | after.keys()) - set(unknown)
        if key not in before or key not in after or before[key].judged != after[key].judged
    )  # fmt: skip
