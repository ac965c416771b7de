"""Ranks what a waiting receipt could be for, so that a person decides quickly (N4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from integration.claiming.book_rules import Book
from integration.claiming.likeness_rules import name_likeness
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.remark_rules import contracts_named
from integration.claiming.rules import Arrived, Due
from integration.receivables.name_rules import payer_key


@dataclass(frozen=True)
class Candidate:
    due: Due
    score: float
    en: str
    zh: str


def rank(receipt: Arrived, book: Book, policy: ClaimingPolicy) -> list[Candidate]:
    """Best first; of equal scores the oldest due first."""
    named = contracts_named(receipt.remark, book)
    customers = book.payers.get(payer_key(receipt.payer_name), set())
    scored = (
        _score(receipt, each, known=each.customer_code in customers, named=each.contract_number in named, policy=policy)
        for each in _open(book, receipt.currency)
    )
    worth = [each for each in scored if each.score >= policy.lowest_score]
    worth.sort(key=lambda each: (-each.score, each.due.due_on, each.due.receivable_id))
    return worth[: policy.candidates]


def _open(book: Book, currency: str) -> Iterable[Due]:
    return (each for each in book.due.values() if each.open_fen > 0 and each.currency == currency)


def _score(receipt: Arrived, due: Due, *, known: bool, named: bool, policy: ClaimingPolicy) -> Candidate:
    payer = 1.0 if known else name_likeness(receipt.payer_name, due.customer_name)
    amount = amount_likeness(receipt.amount_fen, due.open_fen)
    days = abs((due.due_on - receipt.booked_on).days)
    weights = policy.weights
    score = (
        weights.payer * payer
        + weights.amount * amount
        + weights.due * max(0.0, 1 - days / policy.due_days)
        + weights.named * named
    ) / weights.total
    en, zh = _words(payer, known=known, named=named, equal=receipt.amount_fen == due.open_fen, days=days)
    return Candidate(due, round(score, 4), en, zh)


def amount_likeness(paid: int, due: int) -> float:
    """1 for the same amount; otherwise at most one half, the closer the more."""
    if paid == due:
        return 1.0
    return 0.5 * min(paid, due) / max(paid, due) if paid > 0 and due > 0 else 0.0


def _words(payer: float, *, known: bool, named: bool, equal: bool, days: int) -> tuple[str, str]:
    said = [
        (f"name {payer:.0%} alike", f"名称相似度 {payer:.0%}") if not known else ("known payer", "已知付款人"),
        ("same amount", "金额相等") if equal else ("another amount", "金额不等"),
        (f"due {days} days from the booking", f"与到期日相差 {days} 天"),
    ]
    if named:
        said.append(("contract named in the remark", "附言包含合同号"))
    return ", ".join(en for en, _ in said), "，".join(zh for _, zh in said)
