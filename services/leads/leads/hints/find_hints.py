"""Won leads most like one lead or customer, and the steps before them (LD12.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.hints import store
from leads.hints.likeness_rules import Profile, likeness
from leads.hints.policy import HintPolicy
from leads.hints.sequence_rules import Path, next_steps, paths
from leads.hints.store import Closed
from leads.lead import store as leads
from leads.scoring.field_rules import Facts, fields_of
from leads.scoring.score_leads import facts_of

_MONTH = timedelta(days=30)
_ALIKE = "won leads are like this one", "与之相似的赢单仅"
_WALKED = "won leads like this one have known steps", "有跟进记录的相似赢单仅"


@dataclass(frozen=True)
class Alike:
    """A won lead; `name` is empty where the caller may not see whose it was."""

    closed: Closed
    likeness: float
    name: str


@dataclass(frozen=True)
class Hints:
    """Leads alike, and of how many of them steps are known. `why`: there is nothing more to say, in both languages."""

    won: int
    lost: int
    alike: tuple[Alike, ...]
    walked_won: int = 0
    walked_lost: int = 0
    paths: tuple[Path, ...] = ()
    next: tuple[str, ...] = ()
    why: tuple[str, str] = ("", "")


def hints_for_lead(tx: Transaction, lead_id: str, policy: HintPolicy) -> Hints:
    """Raises LeadNotFound, also for a lead that is not the caller's to see."""
    return _hints(tx, _profile(facts_of(leads.load(tx, lead_id))), lead_id, policy)


def hints_for_customer(tx: Transaction, customer_id: str, policy: HintPolicy) -> Hints:
    """By what its newest lead wants. Raises CustomerNotFound, also for a customer that is not the caller's to see."""
    customer = customers.load(tx, customer_id)
    row = store.latest_lead(tx, customer.customer_id)
    known = facts_of(leads.from_row(row)) if row else Facts()
    industry, province = customer.industry or known.industry, customer.province or known.province
    profile = _profile(Facts(industry=industry, province=province, budget_fen=known.budget_fen, need=known.need))
    return _hints(tx, profile, row.lead_id if row else "", policy)


def _profile(facts: Facts) -> Profile:
    return store.profile_of(fields_of(facts), facts.need, facts.decision_chain)


def _hints(tx: Transaction, profile: Profile, lead_key: str, policy: HintPolicy) -> Hints:
    past = store.closed(tx, tx.now - policy.months * _MONTH, lead_key)
    ranked = [(likeness(profile, each.profile, policy.weights), each) for each in past]
    near = sorted((pair for pair in ranked if pair[0] >= policy.alike), key=lambda pair: (-pair[0], pair[1].key))
    won = [pair for pair in near if pair[1].won][: policy.most]
    lost = [pair for pair in near if not pair[1].won][: policy.most]
    names = store.names(tx, [each.key for _, each in won])
    alike = tuple(Alike(each, value, names.get(each.key, "")) for value, each in won)
    if len(won) < policy.least_won:
        return Hints(len(won), len(lost), alike, why=_too_few(_ALIKE, len(won), policy))
    steps = store.steps_of(tx, lead_key, [each.key for _, each in won + lost])
    before_won, before_lost = _walked(won, steps), _walked(lost, steps)
    if len(before_won) < policy.least_won:
        return Hints(len(won), len(lost), alike, why=_too_few(_WALKED, len(before_won), policy))
    found = paths(before_won, before_lost, longest=policy.longest, share=policy.share, told=policy.told)
    ahead = tuple(next_steps(steps[lead_key], found))
    return Hints(len(won), len(lost), alike, len(before_won), len(before_lost), tuple(found), ahead)


def _walked(near: Sequence[tuple[float, Closed]], steps: dict[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Leads of which no step is known tell nothing of steps."""
    return [steps[each.key] for _, each in near if steps[each.key]]


def _too_few(what: tuple[str, str], known: int, policy: HintPolicy) -> tuple[str, str]:
    needed = policy.least_won
    return (
        f"History is too thin: {known} {what[0]}, {needed} are needed.",
        f"历史数据不足：{what[1]} {known} 条，至少需要 {needed} 条。",
    )
