"""Money of a payer whose customers are known: the amount, less a fee, or several together (N4.1, N4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from integration.claiming.book_rules import Book
from integration.claiming.contract_rules import together
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.remark_rules import contradicts
from integration.claiming.rules import COMBINED, Arrived, Decision, Due, Match, Part, fee_cap, sure, unsure


def for_customers(
    receipt: Arrived, book: Book, customers: Iterable[str], method: str, confidence: float, policy: ClaimingPolicy
) -> Decision:
    """One contract, or a person's decision. Several receivables of one contract with this amount: the oldest due."""
    due = book.of_customers(sorted(customers), receipt.currency)
    same = [each for each in due if each.open_fen == receipt.amount_fen]
    if same:
        return _one_contract(receipt, _equal(same, method, confidence), policy, book)
    short = [each for each in due if 0 < each.open_fen - receipt.amount_fen <= fee_cap(each.open_fen, policy)]
    sums = together(receipt.amount_fen, due, policy)
    if short and not sums:
        return _one_contract(receipt, _less_fee(receipt, short, method, confidence, policy), policy, book)
    return _together(receipt, book, sums, short, policy)


def _equal(due: Sequence[Due], method: str, confidence: float) -> list[Match]:
    """One way for each contract."""
    words = ("known payer and amount", "已知付款人且金额相等")
    return [Match((Part(each.receivable_id, each.open_fen),), method, confidence, *words) for each in _oldest(due)]


def _less_fee(
    receipt: Arrived, due: Sequence[Due], method: str, confidence: float, policy: ClaimingPolicy
) -> list[Match]:
    words = ("known payer, the amount less a bank's fee", "已知付款人，金额扣除银行手续费后相等")
    return [
        Match(
            (Part(each.receivable_id, receipt.amount_fen, each.open_fen - receipt.amount_fen),),
            method,
            round(confidence - policy.fee_discount, 4),
            *words,
        )
        for each in _oldest(due)
    ]


def _oldest(due: Sequence[Due]) -> list[Due]:
    """The oldest due of each contract; `due` in the order of age."""
    found: dict[str, Due] = {}
    for each in due:
        found.setdefault(each.contract_number, each)
    return list(found.values())


def _one_contract(receipt: Arrived, ways: list[Match], policy: ClaimingPolicy, book: Book) -> Decision:
    if len(ways) > 1:
        return unsure(
            ways,
            f"{len(ways)} contracts of this payer have exactly this amount open",
            f"该付款人有 {len(ways)} 个合同的未收金额恰好相等",
        )
    if contradicts(receipt.remark, book.due[ways[0].parts[0].receivable_id].contract_number):
        return unsure(ways, "the remark names a contract that is not known", "附言中的合同号不存在")
    return sure(ways[0], policy)


def _together(
    receipt: Arrived, book: Book, ways: list[tuple[Part, ...]], short: Sequence[Due], policy: ClaimingPolicy
) -> Decision:
    words = ("open amounts of a known payer add up to it", "已知付款人的多笔未收合计相等")
    offers = [Match(parts, COMBINED, policy.combined_confidence, *words) for parts in ways]
    if not offers:
        return Decision(
            en="the payer is known, but nothing is open in this amount",
            zh="付款人已知，但没有金额相等的未收款项",
            splittable=not short,
        )
    if len(offers) > 1 or short:
        return unsure(
            offers, "several sets of open amounts of this payer add up to it", "该付款人有多种未收组合与金额相等"
        )
    numbers = {book.due[part.receivable_id].contract_number for part in ways[0]}
    if all(contradicts(receipt.remark, each) for each in numbers):
        return unsure(offers, "the remark names a contract that is not known", "附言中的合同号不存在")
    return sure(offers[0], policy)
