"""What came in, what is due, and what a match is (N4.1, N4.2). `decision_rules.decide` is where the match is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from integration.claiming.policy import ClaimingPolicy

EXACT_ACCOUNT = "exact_account"
EXACT_CONTRACT = "exact_contract"
STRONG = "strong_payer_amount"
THIRD_PARTY = "third_party"
COMBINED = "combined"
SPLIT = "split"
FUZZY = "fuzzy"
PERSON = "person"
# Money that went back: a claim that no receivable gains.
REFUND = "refund"
AUTOMATIC = frozenset({EXACT_ACCOUNT, EXACT_CONTRACT, STRONG, THIRD_PARTY, COMBINED, SPLIT, FUZZY})


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is still unclaimed of a receipt. `credited_account` is empty or the main account without a virtual one."""

    amount_fen: int
    currency: str
    booked_on: date
    payer_name: str
    credited_account: str
    remark: str
    reversal: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """What is still open of a receivable."""

    receivable_id: str
    contract_number: str
    customer_code: str
    customer_name: str
    open_fen: int
    currency: str
    due_on: date
    virtual_account: str = ""

    @property
    def age(self) -> tuple[date, str]:
        """Sorts the oldest due first."""
        return self.due_on, self.receivable_id


@dataclass(frozen=True, slots=True)
class Part:
    """`fee_fen`: what the bank kept on the way; it settles the receivable and is no collected money."""

    receivable_id: str
    fen: int
    fee_fen: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """One way to claim a receipt, how sure it is, and why."""

    parts: tuple[Part, ...]
    method: str
    confidence: float
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Parts to claim, or none and why a person has to decide. `offers`: what to choose from, best first.

    `splittable`: the payer is known and nothing explains the receipt alone; several together may.
    """

    parts: tuple[Part, ...] = ()
    method: str = ""
    confidence: float = 0.0
    en: str = ""
    zh: str = ""
    offers: tuple[Match, ...] = ()
    splittable: bool = False

    @property
    def suggestions(self) -> tuple[Match, ...]:
        """What a person may choose from; what a rule would claim, too, where it is left to people."""
        if not self.parts:
            return self.offers
        en, zh = "a rule claims it so, were it not left to people", "规则匹配结果，已留待人工确认"
        return (Match(self.parts, self.method, self.confidence, en, zh),)


def sure(match: Match, policy: ClaimingPolicy) -> Decision:
    """Claimed from the policy's confidence on; below it a person decides."""
    if match.confidence >= policy.automatic_from:
        return Decision(match.parts, match.method, match.confidence)
    return unsure([match], "not sure enough to claim without a person", "匹配置信度不足，需人工认领")


def unsure(offers: list[Match], en: str, zh: str) -> Decision:
    return Decision(en=en, zh=zh, offers=tuple(offers))


def fee_cap(due_fen: int, policy: ClaimingPolicy) -> int:
    """What a bank may have kept of a payment (N4.2): at most 50 yuan and at most 0.1 %, by default."""
    return min(policy.fee_cap_fen, due_fen * policy.fee_cap_per_million // 1_000_000)


def overdrawn(asked: Iterable[Part], open_fen: Mapping[str, int]) -> set[str]:
    """Receivables of which more is asked for, with fees, than they have open."""
    sums: Counter[str] = Counter()
    for part in asked:
        sums[part.receivable_id] += part.fen + part.fee_fen
    return {receivable_id for receivable_id, fen in sums.items() if fen > open_fen[receivable_id]}


def state_after(amount_fen: int, claimed_fen: int) -> str:
    if claimed_fen <= 0:
        return "waiting"
    return "claimed" if claimed_fen >= amount_fen else "partly_claimed"
