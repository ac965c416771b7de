"""Money of a payer nobody knows: a name and an amount that are alike, with a score and a margin (N4.1)."""

from __future__ import annotations

from functools import lru_cache

from integration.claiming.book_rules import Book
from integration.claiming.likeness_rules import key_likeness, may_reach
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.remark_rules import contradicts
from integration.claiming.rules import FUZZY, Arrived, Decision, Due, Match, Part, fee_cap, sure, unsure
from integration.receivables.name_rules import payer_key

EN, ZH = "the payer is not known and no contract is named", "付款人未知且附言没有合同号"
# A person is not offered what is less alike.
WORTH_OFFERING = 0.70
ALIKE = 0.40


def for_likeness(receipt: Arrived, book: Book, policy: ClaimingPolicy) -> Decision:
    """The best one, if it is sure enough and far enough ahead of every other contract."""
    if (receipt.currency, receipt.amount_fen) in book.common:
        return Decision(en=f"{EN}; the amount is too common", zh=f"{ZH}，且金额过于常见")
    best: dict[str, tuple[float, Due]] = {}
    for each in with_amount_of(receipt, book, policy):
        scored = (score(receipt, each, policy), each)
        if each.contract_number not in best or scored[0] > best[each.contract_number][0]:
            best[each.contract_number] = scored
    ranked = sorted(best.values(), key=lambda found: (-found[0], found[1].age))
    offers = [_match(receipt, each, points) for points, each in ranked[:3] if points >= WORTH_OFFERING]
    if not offers:
        return Decision(en=EN, zh=ZH)
    behind = ranked[1][0] if len(ranked) > 1 else 0.0
    if offers[0].confidence - behind < policy.margin:
        return unsure(offers, "two contracts fit nearly as well", "有多个合同的匹配程度接近")
    if contradicts(receipt.remark, ranked[0][1].contract_number):
        return unsure(offers, "the remark names a contract that is not known", "附言中的合同号不存在")
    return sure(offers[0], policy)


def with_amount_of(receipt: Arrived, book: Book, policy: ClaimingPolicy) -> list[Due]:
    """Open with the receipt's amount, or short of it by a bank's fee at most, of customers with a name at all alike."""
    most = receipt.amount_fen + most_kept(receipt.amount_fen, policy)
    key = payer_key(receipt.payer_name)
    near = book.of_amount(receipt.amount_fen, most, receipt.currency)
    return sorted((each for each in near if is_alike(key, payer_key(each.customer_name))), key=lambda each: each.age)


@lru_cache(maxsize=1 << 15)
def is_alike(payer: str, customer: str) -> bool:
    """Enough to matter: to be offered, or to be within the margin of one that is claimed. Of keys."""
    return may_reach(payer, customer, ALIKE) and key_likeness(payer, customer) >= ALIKE


def most_kept(amount_fen: int, policy: ClaimingPolicy) -> int:
    """The largest fee that a payment which arrived with this amount may have lost: more than its own share, barely."""
    return min(policy.fee_cap_fen, fee_cap(amount_fen + policy.fee_cap_fen, policy))


def score(receipt: Arrived, due: Due, policy: ClaimingPolicy) -> float:
    """Half the likeness of the names, half that of the amounts, which a fee lessens. 0 to 1."""
    missing = due.open_fen - receipt.amount_fen
    if not 0 <= missing <= fee_cap(due.open_fen, policy):
        return 0.0
    amount = 1.0 - (2 * policy.fee_discount if missing else 0.0)
    return round(0.5 * key_likeness(payer_key(receipt.payer_name), payer_key(due.customer_name)) + 0.5 * amount, 4)


def _match(receipt: Arrived, due: Due, points: float) -> Match:
    fee = due.open_fen - receipt.amount_fen
    alike = 2 * points - 1
    en, zh = ("the amount less a bank's fee", "金额扣除银行手续费后相等") if fee else ("same amount", "金额相等")
    words = (f"name about {alike:.0%} alike, {en}", f"名称相似度约 {alike:.0%}，{zh}")
    return Match((Part(due.receivable_id, receipt.amount_fen, fee),), FUZZY, points, *words)
