"""The numbers of forecast that headquarters may change (F1.1, F2.1, F3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation

Share = Decimal

# L5, the signed legal document: counts whole, whoever claims it.
SIGNED_LEVEL = 5

BUDGET_RANGE = "need_survey.budget_range"
DECISION_CHAIN = "need_survey.decision_chain"
DEMO = "demo_record"
QUOTE = "quote"
QUOTE_APPROVAL = "quote_approval"
SIGNED = "evidence_l5"
ACCEPTANCE = "acceptance_document"
RECEIPTS = "receipts"

# Every item a gate can ask for, with its words.
ITEMS: dict[str, tuple[str, str]] = {
    BUDGET_RANGE: ("the customer's budget range, in the need survey", "需求调研：客户预算区间"),
    DECISION_CHAIN: ("the roles that decide, in the need survey", "需求调研：决策链角色"),
    DEMO: ("a demo that was held, with the customer's feedback", "已完成的演示及客户反馈"),
    QUOTE: ("a quote", "报价单"),
    QUOTE_APPROVAL: ("a director's approval of the quote", "报价的总监审批"),
    SIGNED: ("the signed contract (evidence L5)", "已签署的合同（L5 证据）"),
    ACCEPTANCE: ("the acceptance document signed by the customer", "客户签字的验收单"),
    RECEIPTS: ("receipts that cover the contract's amount", "覆盖合同金额的到账回款"),
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class GatePolicy(_Frozen):
    """Stage → what entering it asks for. Amounts are fen."""

    need_confirmed: tuple[str, ...] = (BUDGET_RANGE, DECISION_CHAIN)
    demo: tuple[str, ...] = (DEMO,)
    negotiation: tuple[str, ...] = (QUOTE, QUOTE_APPROVAL)
    won: tuple[str, ...] = (SIGNED,)
    collected: tuple[str, ...] = (ACCEPTANCE, RECEIPTS)
    quote_approval_above_fen: int = Field(default=50_000_00, ge=0)
    quote_needs_survey: bool = True


def check_gates(policy: GatePolicy) -> Sequence[Violation]:
    known = ", ".join(ITEMS)
    return [
        Violation(f"body.{stage}", f"“{item}” is not one of {known}", f"“{item}”不在可选项中：{known}")
        for stage in ("need_confirmed", "demo", "negotiation", "won", "collected")
        for item in getattr(policy, stage)
        if item not in ITEMS
    ]


class CredibilityPolicy(_Frozen):
    """F3.1. `caps` by evidence level 0 to 4; level 5 counts whole."""

    caps: tuple[Share, ...] = Field(
        default=(Share("0.40"), Share("0.55"), Share("0.70"), Share("0.80"), Share("0.90")), min_length=5, max_length=5
    )
    high_claim: Share = Field(default=Share("0.80"), gt=0, le=1)
    window_days: int = Field(default=365, ge=30)
    overdue_days: int = Field(default=30, ge=0)
    # Below this many deals the team's rate is mixed in with this weight.
    enough_deals: int = Field(default=10, ge=1)
    # Where neither the person nor the team has any deal.
    unknown_rate: Share = Field(default=Share("0.50"), ge=0, le=1)
    # F3.2: lower ends of the claim bands.
    bands: tuple[Share, ...] = (Share(0), Share("0.2"), Share("0.4"), Share("0.6"), Share("0.8"), Share("0.9"))


def check_credibility(policy: CredibilityPolicy) -> Sequence[Violation]:
    found = []
    if any(not 0 < cap <= 1 for cap in policy.caps) or list(policy.caps) != sorted(policy.caps):
        found.append(Violation("body.caps", "must rise from above 0 to at most 1", "须递增，且大于 0、不超过 1"))
    if not policy.bands or policy.bands[0] != 0 or list(policy.bands) != sorted(set(policy.bands)):
        found.append(Violation("body.bands", "must start at 0 and rise", "须从 0 开始递增"))
    return found
