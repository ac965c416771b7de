"""Budgets of rules and groups by month, quarter or year (I2.2).

An approved change holds for one period, or from one on. The first that holds in a period holds in it from the
beginning; a later one from its approval on, and that is a fact like any other: what it lets go is let go then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition, InvalidInput, NotFound, Violation
from chassis.kernel.calendar import instant, local_date
from chassis.kernel.money import Money

RULE, GROUP = "rule:", "group:"
PROPOSED, APPROVED, REJECTED = "proposed", "approved", "rejected"
BEGINNING = datetime.min.replace(tzinfo=UTC)


class Period(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


class BudgetChangeNotFound(NotFound):
    en = "There is no such proposal."
    zh = "没有找到该预算申请。"


class BudgetChangeDecided(FailedPrecondition):
    en = "The proposal was {state} already."
    zh = "该预算申请已处理，状态：{state}。"


class BudgetNeedsSecondPerson(FailedPrecondition):
    en = "Somebody else than the one who proposed a budget approves it."
    zh = "预算须由申请人以外的第二人批准。"


class BudgetPaysYou(FailedPrecondition):
    en = "Nobody approves a budget that pays them."
    zh = "不得批准与本人收益相关的预算。"


class BudgetAlreadyUsed(FailedPrecondition):
    en = "{used} of this period are given already; a budget does not go below."
    zh = "该期间已发放 {used} 元，预算不得低于此数。"


class WrongBudget(InvalidInput):
    """When a budget can't be."""


@dataclass(frozen=True)
class Change:
    """An approved budget."""

    budget_id: str
    period: Period
    starts_on: date
    onward: bool
    amount_fen: int
    decided_at: datetime


@dataclass(frozen=True)
class Span:
    """A budget in one of its periods: days from `starts_on` up to before `ends_before`, Asia/Shanghai."""

    budget_id: str
    period: Period
    starts_on: date
    ends_before: date

    @property
    def since(self) -> datetime:
        return instant(self.starts_on, time(0))

    @property
    def until(self) -> datetime:
        return instant(self.ends_before, time(0))

    @property
    def last_day(self) -> date:
        return self.ends_before - timedelta(days=1)

    @property
    def name(self) -> str:
        """ "2026-03", "2026 Q1", "2026" """
        match self.period:
            case Period.MONTH:
                return f"{self.starts_on:%Y-%m}"
            case Period.QUARTER:
                return f"{self.starts_on.year} Q{(self.starts_on.month + 2) // 3}"
            case _:
                return str(self.starts_on.year)


@dataclass(frozen=True)
class BudgetExhausted:
    budget_id: str
    rule_id: str
    group: str
    period: str
    starts_on: date
    ends_on: date
    amount: Money
    used: Money
    held: Money
    held_orders: int
    first_deal_key: str
    number: int
    exhausted_at: datetime


@dataclass(frozen=True)
class Figures:
    """Of a budget in one period: what went through, and what waits."""

    used_fen: int
    held_fen: int
    held_orders: int
    first_deal_key: str


def scope(budget_id: str) -> tuple[str, str]:
    """Rule and group; one of both is empty."""
    return (budget_id.removeprefix(RULE), "") if budget_id.startswith(RULE) else ("", budget_id.removeprefix(GROUP))


def span_of(budget_id: str, period: Period, day: date) -> Span:
    """The period that holds the day."""
    months = MONTHS[period]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    after = first.year * 12 + first.month - 1 + months
    return Span(budget_id, period, first, date(after // 12, after % 12 + 1, 1))


def spans(budget_id: str, period: Period, since: date, until: date) -> Iterator[Span]:
    """The periods that hold the days from `since` to `until`, both included."""
    while since <= until:
        span = span_of(budget_id, period, since)
        yield span
        since = span.ends_before


def amounts(changes: Iterable[Change], span: Span) -> list[tuple[datetime, int]]:
    """Fen with the time from which each holds in the period; empty when none holds in it."""
    mine = [
        each for each in changes
        if each.budget_id == span.budget_id and each.period is span.period
        and (each.starts_on == span.starts_on or (each.onward and each.starts_on < span.starts_on))
    ]  # fmt: skip
    found: list[tuple[datetime, int]] = []
    for each in sorted(mine, key=lambda change: change.decided_at):
        if each.decided_at <= span.since:
            found.clear()
        found.append((each.decided_at if found else BEGINNING, each.amount_fen))
    return found


def budget_of(changes: Sequence[Change], rule_id: str, group: str, signed_at: datetime) -> Span | None:
    """The budget that an award counts against: its rule's own, else that of its group. One at most."""
    day = local_date(signed_at)
    for budget_id in (RULE + rule_id, GROUP + group if group else ""):
        period = next((each.period for each in changes if each.budget_id == budget_id), None)
        if period is not None:
            span = span_of(budget_id, period, day)
            if amounts(changes, span):
                return span
    return None


def own_times(changes: Sequence[Change], span: Span) -> list[tuple[str, datetime, datetime]]:
    """Within a group's span: the rules of whichever group that have a budget of their own, since when and until when.

    What is signed then counts against that; at all other times against the group's (`budget_of`).
    """
    periods: dict[str, Period] = {}
    found = set()
    for each in changes:
        rule, _ = scope(each.budget_id)
        if rule and each.period is periods.setdefault(each.budget_id, each.period):
            own = span_of(each.budget_id, each.period, each.starts_on)
            since, until = max(own.since, span.since), span.until if each.onward else min(own.until, span.until)
            found |= {(rule, since, until)} if since < until else set()
    return sorted(found)


def too_late() -> Violation:
    return Violation("starts_on", "the period is over; it keeps its budget", "该期间已结束，预算不可更改")


def other_period(fixed: Period) -> Violation:
    return Violation("period", f"this budget goes by {fixed.value}", f"该预算按 {fixed.value} 计，不可更改")


def check_proposal(
    rule_id: str, group: str, known: bool, period: Period | None, fixed: Period | None, amount_fen: int, currency: str,
    day: date, today: date,
) -> Span:  # fmt: skip
    """The first period it is meant for. `known`: there is such a rule or group; `fixed`: the period that this budget
    has already. Raises WrongBudget."""
    wrong: list[Violation] = []
    if bool(rule_id) == bool(group):
        wrong.append(Violation("rule_id", "name a rule or a group, one of both", "请填写规则或分组之一"))
    elif not known:
        field, en, zh = ("rule_id", "rule", "规则") if rule_id else ("group", "group", "分组")
        wrong.append(Violation(field, f"there is no such {en}", f"没有该{zh}"))
    if period is None:
        wrong.append(Violation("period", "is month, quarter or year", "须为月、季或年"))
    elif fixed is not None and fixed is not period:
        wrong.append(other_period(fixed))
    if amount_fen < 0 or currency not in ("", "CNY"):
        wrong.append(Violation("amount", "is an amount of at least zero in CNY", "须为不小于零的人民币金额"))
    span = span_of(RULE + rule_id if rule_id else GROUP + group, period or Period.MONTH, day)
    if period is not None and span.ends_before <= today:
        wrong.append(too_late())
    if wrong:
        raise WrongBudget.of(*wrong)
    return span
