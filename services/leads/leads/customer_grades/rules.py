"""The grade of a customer: weighted factors of 0 to 1, each from facts we hold and shown with them (LD2.2).

What is not known is told and left out: the weights of the rest are spread over the whole, and below a least known
share nothing is said. All amounts are yuan; what was agreed in another currency is named and not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from leads.customer_grades.policy import CustomerGradePolicy
from leads.lead.rules import Grade


class Kind(StrEnum):
    """Why a grade changed."""

    COMPUTED = "computed"
    # The grade that came with the customer, from a lead or an import.
    DECLARED = "declared"
    OVERRIDDEN = "overridden"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Facts:
    """What we hold of a customer. None: we don't know.

    `revenue_fen`: orders of the year. `open_fen`: open leads and opportunities; `unpriced`: those without an amount.
    `due_fen` and `paid_fen`: orders whose time to pay is over, and what was received for them. `contacts`: days with a
    contact of late. `deciders`: people named at the customer's.
    """

    revenue_fen: int | None = None
    foreign: tuple[str, ...] = ()
    open_fen: int = 0
    open_count: int = 0
    unpriced: int = 0
    due_fen: int | None = None
    paid_fen: int = 0
    last_contact: date | None = None
    contacts: int = 0
    deciders: int = 0


@dataclass(frozen=True)
class Part:
    """`value` is None when it is not known; `weight` is what it counts among those that are."""

    name: str
    value: float | None
    weight: float
    text: str
    text_zh: str


@dataclass(frozen=True)
class Verdict:
    """`grade` is None when too little is known; `known` is the share of the policy's weights that is."""

    grade: Grade | None
    score: float | None
    known: float
    parts: tuple[Part, ...]


def judge(facts: Facts, today: date, policy: CustomerGradePolicy) -> Verdict:
    """The score as it is shown decides: four decimals."""
    values = _values(facts, today, policy)
    known = sum(policy.weights[name] for name, (value, _) in values.items() if value is not None)
    parts = tuple(_part(name, value, words, known, policy.weights) for name, (value, words) in values.items())
    if known <= 0 or known + 1e-9 < policy.least_known:
        return Verdict(None, None, round(known, 4), parts)
    score = round(sum(each.value * each.weight for each in parts if each.value is not None), 4)
    return Verdict(grade_of(score, policy), score, round(known, 4), parts)


def grade_of(score: float, policy: CustomerGradePolicy) -> Grade:
    if score >= policy.a_from:
        return Grade.A
    return Grade.B if score >= policy.b_from else Grade.C


_Words = tuple[str, str]
_Value = tuple[float | None, _Words]


def _values(facts: Facts, today: date, policy: CustomerGradePolicy) -> dict[str, _Value]:
    return {
        "revenue": revenue(facts, policy),
        "potential": potential(facts, policy),
        "payment": payment(facts, policy),
        "relationship": relationship(facts, today, policy),
    }


def _part(name: str, value: float | None, words: _Words, known: float, weights: Mapping[str, float]) -> Part:
    weight = 0.0 if value is None else weights[name] / known if known else 0.0
    return Part(name, None if value is None else round(value, 4), weight, *words)


def revenue(facts: Facts, policy: CustomerGradePolicy) -> _Value:
    """Orders of the last days against the sum from which on nothing is missing."""
    if facts.revenue_fen is None:
        return None, ("The ERP has told of no orders, or not of this customer.", "ERP 尚无订单数据，或尚无该客户。")
    yuan = _yuan(facts.revenue_fen)
    en, zh = f"Orders of {policy.revenue_days} days: {yuan} yuan", f"近 {policy.revenue_days} 天订单 {yuan} 元"
    if facts.foreign:
        en += f"; orders in {', '.join(facts.foreign)} not counted"
        zh += f"；{'、'.join(facts.foreign)} 订单未计入"
    return _share(facts.revenue_fen, policy.full_revenue_yuan * 100), (f"{en}.", f"{zh}。")


def potential(facts: Facts, policy: CustomerGradePolicy) -> _Value:
    """What is open against the sum from which on nothing is missing. Open, but nobody knows how much: not known."""
    if facts.open_count and facts.unpriced == facts.open_count:
        return None, (
            f"{facts.open_count} open leads and opportunities, none with an amount.",
            f"{facts.open_count} 条在途线索和商机均未填写金额。",
        )
    yuan = _yuan(facts.open_fen)
    en, zh = (
        f"{facts.open_count} open leads and opportunities: {yuan} yuan",
        f"{facts.open_count} 条在途线索和商机，合计 {yuan} 元",
    )
    if facts.unpriced:
        en, zh = f"{en}; {facts.unpriced} without an amount", f"{zh}；{facts.unpriced} 条无金额"
    return _share(facts.open_fen, policy.full_potential_yuan * 100), (f"{en}.", f"{zh}。")


def payment(facts: Facts, policy: CustomerGradePolicy) -> _Value:
    """Share of what should have been paid by now that was. Nothing due: not known."""
    if not facts.due_fen:
        return None, (
            f"No order is older than {policy.payment_days} days, or nobody's receipts are known.",
            f"尚无签订满 {policy.payment_days} 天的订单，或无回款数据。",
        )
    paid, due = _yuan(facts.paid_fen), _yuan(facts.due_fen)
    return _share(facts.paid_fen, facts.due_fen), (
        f"{paid} of {due} yuan due are paid.",
        f"到期 {due} 元，已回款 {paid} 元。",
    )


def relationship(facts: Facts, today: date, policy: CustomerGradePolicy) -> _Value:
    """Half of it how recent the last contact is, 0.3 how often, 0.2 how many who decide are known.

    Nothing recorded at all is no proof that nobody called: not known.
    """
    if facts.last_contact is None and not facts.deciders:
        return None, ("No contact is recorded.", "尚无联系记录。")
    recency, days = 0.0, None
    if facts.last_contact is not None:
        days = max((today - facts.last_contact).days, 0)
        fading = policy.forgotten_days - policy.recent_days
        recency = min(max((policy.forgotten_days - days) / fading, 0.0), 1.0)
    value = (
        0.5 * recency
        + 0.3 * _share(facts.contacts, policy.full_contacts)
        + 0.2 * _share(facts.deciders, policy.full_deciders)
    )
    last = ("never", "从未") if days is None else (f"{days} days ago", f"{days} 天前")
    return value, (
        f"Last contact {last[0]}, {facts.contacts} days with a contact in {policy.contact_days}, "
        f"{facts.deciders} who decide known.",
        f"最近联系：{last[1]}；近 {policy.contact_days} 天有 {facts.contacts} 天联系；已知决策链 {facts.deciders} 人。",
    )


def _share(part: int, whole: int) -> float:
    return min(max(part / whole, 0.0), 1.0)


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}"
