"""Hard gates (F1.1): a step is open when everything its stage asks for is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.errors import FailedPrecondition, InvalidInput, Missing, NotFound, Violation
from chassis.kernel.money import Money
from forecast.policy import (
    ACCEPTANCE,
    BUDGET_RANGE,
    DECISION_CHAIN,
    DEMO,
    ITEMS,
    QUOTE,
    QUOTE_APPROVAL,
    RECEIPTS,
    SIGNED,
    SIGNED_LEVEL,
    GatePolicy,
)


class GateRefusedStep(FailedPrecondition):
    en = "“{name}” can't go to {to} yet. Missing: {missing}."
    zh = "“{name}”暂不能进入{to_zh}阶段，缺少：{missing}。"


class QuoteNeedsSurvey(FailedPrecondition):
    en = "No quote without the need survey. Missing: {missing}."
    zh = "未完成需求调研不能报价，缺少：{missing}。"


class QuoteNotFound(NotFound):
    en = "There is no such quote."
    zh = "没有找到该报价。"


class QuoteByApprover(FailedPrecondition):
    en = "Nobody approves the own quote."
    zh = "不能审批自己提交的报价。"


class SurveyInvalid(InvalidInput):
    en = "The need survey is not valid."
    zh = "需求调研内容有误。"


@dataclass(frozen=True)
class Quoted:
    amount: Money
    approved: bool


@dataclass(frozen=True)
class Facts:
    """What is on file for a deal. `quote` is the latest."""

    amount: Money
    collected: Money
    budget_known: bool = False
    decision_roles: int = 0
    demos: int = 0
    quote: Quoted | None = None
    evidence_level: int = 0
    accepted: bool = False


@dataclass(frozen=True)
class GateRefused:
    """`before` is the stage the deal stays in, `after` the one it was refused."""

    opportunity_id: str
    name: str
    owner_id: str
    unit: str
    before: str
    after: str
    missing: tuple[str, ...]


def needs_approval(amount: Money, policy: GatePolicy) -> bool:
    """Above the limit; exactly at it no approval is needed."""
    return amount.fen > policy.quote_approval_above_fen


def is_there(item: str, facts: Facts, policy: GatePolicy) -> bool:
    quote = facts.quote
    return {
        BUDGET_RANGE: facts.budget_known,
        DECISION_CHAIN: facts.decision_roles > 0,
        DEMO: facts.demos > 0,
        QUOTE: quote is not None,
        QUOTE_APPROVAL: quote is None or quote.approved or not needs_approval(quote.amount, policy),
        SIGNED: facts.evidence_level >= SIGNED_LEVEL,
        ACCEPTANCE: facts.accepted,
        RECEIPTS: facts.collected >= facts.amount,
    }[item]


def missing_for(stage: str, facts: Facts, policy: GatePolicy) -> list[str]:
    """What entering the stage still asks for, in the policy's order."""
    asked: Sequence[str] = getattr(policy, stage, ())
    return [item for item in asked if not is_there(item, facts, policy)]


def in_words(items: Sequence[str]) -> list[Missing]:
    return [Missing(item, *ITEMS[item]) for item in items]


def check_quote(facts: Facts, policy: GatePolicy) -> None:
    """Raises QuoteNeedsSurvey."""
    survey = [item for item in (BUDGET_RANGE, DECISION_CHAIN) if not is_there(item, facts, policy)]
    if policy.quote_needs_survey and survey:
        raise QuoteNeedsSurvey(missing=in_words(survey))


def check_budget(low: Money | None, high: Money | None) -> None:
    """Both ends or none, not negative, low ≤ high. Raises SurveyInvalid."""
    found = [
        Violation(name, "must not be negative", "不能为负数")
        for name, amount in (("budget_low", low), ("budget_high", high))
        if amount is not None and amount.fen < 0
    ]
    if (low is None) != (high is None):
        found.append(Violation("budget_high", "give both ends of the range", "请同时填写预算上下限"))
    if low is not None and high is not None and low > high:
        found.append(Violation("budget_low", "is above the upper end", "预算下限不能高于上限"))
    if found:
        raise SurveyInvalid.of(*found)


def check_held(held_at: datetime, now: datetime) -> None:
    """A demo that has not been held proves nothing. Raises SurveyInvalid."""
    if held_at > now:
        raise SurveyInvalid.of(Violation("held_at", "lies in the future", "不能晚于当前时间"))
