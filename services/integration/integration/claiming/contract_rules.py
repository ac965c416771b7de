"""Money that names its contract, by virtual account or remark: exact (N4.1), in part, too much, less a fee (N4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from integration.claiming.book_rules import Book
from integration.claiming.combination_rules import Item, ways
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.rules import EXACT_CONTRACT, Arrived, Decision, Due, Match, Part, fee_cap, sure, unsure


def for_contract(receipt: Arrived, book: Book, contract: str, method: str, policy: ClaimingPolicy) -> Decision:
    """Fills the contract's open receivables; what is too much stays unclaimed, with the reason."""
    parts = fill(receipt.amount_fen, book.of_contract(contract, receipt.currency), policy)
    if not parts:
        return Decision(en=f"contract {contract} has nothing open", zh=f"合同 {contract} 没有未收款项")
    words = (f"names contract {contract}", f"指明合同 {contract}")
    decision = sure(Match(parts, method, policy.exact_confidence, *words), policy)
    if decision.parts and receipt.amount_fen > sum(part.fen for part in parts):
        en, zh = f"more than contract {contract} has open", f"超出合同 {contract} 的未收金额"
        return Decision(decision.parts, method, policy.exact_confidence, en, zh)
    return decision


def for_contracts(receipt: Arrived, book: Book, named: Sequence[str], policy: ClaimingPolicy) -> Decision:
    """Several contracts named: claimed when there is exactly one way that serves each of them to the fen."""
    due = [each for number in named for each in book.of_contract(number, receipt.currency)]
    found = [
        parts
        for parts in together(receipt.amount_fen, due, policy)
        if {book.due[part.receivable_id].contract_number for part in parts} == set(named)
    ]
    words = ("the contracts named have this amount open together", "附言所列合同的未收合计相等")
    offers = [Match(parts, EXACT_CONTRACT, policy.exact_confidence, *words) for parts in found]
    if len(offers) == 1:
        return sure(offers[0], policy)
    en = f"the remark names {len(named)} contracts: {', '.join(named)}"
    return unsure(offers, en, f"附言包含 {len(named)} 个合同号：{'、'.join(named)}")


def together(amount_fen: int, due: Sequence[Due], policy: ClaimingPolicy) -> list[tuple[Part, ...]]:
    """Ways in which two or more of `due`, oldest first, have this amount open."""
    oldest_first = sorted(due, key=lambda each: each.age)
    found = ways(
        amount_fen, [Item(each.receivable_id, each.contract_number, each.open_fen) for each in oldest_first], policy
    )
    return [tuple(Part(each.id, each.fen) for each in way) for way in found]


def fill(amount_fen: int, due: Sequence[Due], policy: ClaimingPolicy) -> tuple[Part, ...]:
    """One receivable of this amount, else the oldest due first; the last one may be short by a bank's fee.

    `due` in the order of their age.
    """
    same = next((each for each in due if each.open_fen == amount_fen), None)
    if same is not None:
        return (Part(same.receivable_id, amount_fen),)
    if not _ends_at_one(amount_fen, due):
        short = next((each for each in due if 0 < each.open_fen - amount_fen <= fee_cap(each.open_fen, policy)), None)
        if short is not None:
            return (Part(short.receivable_id, amount_fen, short.open_fen - amount_fen),)
    return _oldest_first(amount_fen, due, policy)


def _ends_at_one(amount_fen: int, due: Sequence[Due]) -> bool:
    """The oldest ones together have exactly this amount open."""
    left = amount_fen
    for each in due:
        left -= each.open_fen
        if left <= 0:
            break
    return left == 0


def _oldest_first(amount_fen: int, due: Sequence[Due], policy: ClaimingPolicy) -> tuple[Part, ...]:
    parts: list[Part] = []
    left = amount_fen
    for each in due:
        fen = min(left, each.open_fen)
        if fen <= 0:
            break
        left -= fen
        missing = each.open_fen - fen
        # Of a sum of several the bank takes its fee once, so the cap is of the whole payment.
        parts.append(Part(each.receivable_id, fen, missing if missing <= fee_cap(amount_fen, policy) else 0))
    return tuple(parts)
