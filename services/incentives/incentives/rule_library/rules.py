"""Rules come in versions that never change; the one that held when an order was signed judges it (I1.2, I2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from chassis.errors import FailedPrecondition, InvalidInput, Missing, NotFound, Violation
from incentives.rule_library.terms_rules import NO_TERMS, Terms


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class RuleFinding:
    severity: str
    place: str
    code: str
    message: str
    message_zh: str


@dataclass(frozen=True)
class GoldenExample:
    """An order context and the bonus in fen that it must give; 0 is none."""

    name: str
    context: Mapping[str, Any]
    expected_fen: int


@dataclass(frozen=True)
class RulePublished:
    rule_id: str
    version: int
    name: str
    name_zh: str
    words: str
    words_zh: str
    effective_from: datetime
    effective_to: datetime | None


@dataclass(frozen=True)
class Rule:
    """A published version, as an order is judged by it."""

    rule_id: str
    version: int
    digest: str
    model: Mapping[str, Any]
    words: str
    words_zh: str
    effective_from: datetime
    effective_to: datetime | None
    terms: Terms = NO_TERMS


class RuleNotFound(NotFound):
    en = "There is no such rule."
    zh = "没有找到该规则。"


class RuleAlreadyPublished(FailedPrecondition):
    en = "Version {version} of the rule {rule_id} is published already; draft a new version."
    zh = "规则 {rule_id} 的第 {version} 版已经发布，请另存新版本。"


class RuleHasErrors(FailedPrecondition):
    en = "The rule has errors: {missing}."
    zh = "规则存在错误：{missing}。"


class WrongPeriod(InvalidInput):
    """When the effective period can't be."""


class Period(Protocol):
    @property
    def effective_from(self) -> datetime: ...
    @property
    def effective_to(self) -> datetime | None: ...
    @property
    def version(self) -> int: ...
    @property
    def rule_id(self) -> str: ...


def errors(findings: Iterable[RuleFinding]) -> list[RuleFinding]:
    return [each for each in findings if each.severity == Severity.ERROR]


def refuse_errors(findings: Sequence[RuleFinding], shown: int = 10) -> None:
    """Raises RuleHasErrors naming the first of them."""
    wrong = errors(findings)
    if wrong:
        told = [
            Missing(each.code, f"{each.place}: {each.message}", f"{each.place}：{each.message_zh}") for each in wrong
        ]
        raise RuleHasErrors(missing=told[:shown])


def check_period(starts: datetime, ends: datetime | None, now: datetime, backdating: timedelta) -> None:
    """Raises WrongPeriod. A start in the past pays orders that came already, so it reaches only so far."""
    if ends is not None and ends <= starts:
        raise WrongPeriod.of(Violation("effective_to", "must be after effective_from", "必须晚于生效时间"))
    if starts < now - backdating:
        days = backdating.days
        raise WrongPeriod.of(Violation("effective_from", f"at most {days} days in the past", f"最早只能追溯 {days} 天"))


def effective(rules: Iterable[Rule], at: datetime) -> list[Rule]:
    """Of each rule the version that holds at `at`: the latest start wins, then the higher version (I2.1).

    A version that has ended gives nothing back to the one before it.
    """
    latest: dict[str, Rule] = {}
    for each in rules:
        held = latest.get(each.rule_id)
        if each.effective_from <= at and (held is None or _order(each) > _order(held)):
            latest[each.rule_id] = each
    holding = [each for each in latest.values() if each.effective_to is None or at < each.effective_to]
    return sorted(holding, key=lambda rule: rule.rule_id)


def _order(rule: Period) -> tuple[datetime, int]:
    return rule.effective_from, rule.version


def is_superseded(rule: Period, others: Iterable[Period], now: datetime) -> bool:
    """Another version of it started later, or at the same time with a higher number, and has begun."""
    return any(each.effective_from <= now and _order(each) > _order(rule) for each in others)
