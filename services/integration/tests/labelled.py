"""Runs the matcher over a labelled set, as a feed does: receipt by receipt, then what only several explain."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from random import Random

from integration.claiming.book_rules import Book
from integration.claiming.decision_rules import decide
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.rules import Arrived, Due, Part
from integration.claiming.split_rules import splits
from integration.receivables.name_rules import payer_key
from tools.receipt_lab.books import Books, books
from tools.receipt_lab.payments import MAIN_ACCOUNT, Payment, payments

Claimed = dict[str, tuple[Part, ...]]


@dataclass
class Figures:
    """Counts of receipts. A claim is right when contracts and amounts are those really paid."""

    claimed: int = 0
    right: int = 0
    claimable: int = 0
    recalled: int = 0
    wrong: list[tuple[Payment, tuple[Part, ...]]] = field(default_factory=list)
    missed: list[Payment] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.claimed

    @property
    def recall(self) -> float:
        return self.recalled / self.claimable

    @property
    def precision_at_least(self) -> float:
        """Lower bound of the 95 % interval (Wilson's score)."""
        n, p, z = self.claimed, self.precision, 1.96
        return (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def labelled(seed: int, receipts: int) -> tuple[Books, list[Payment]]:
    random = Random(seed)
    made = books(2 * receipts, random)
    paid = sorted(payments(made, receipts, random), key=lambda each: (each.booked_on, each.id))
    return made, paid


def book_of(every: Iterable[Due], known: Mapping[str, Iterable[str]]) -> Book:
    """`every`, `known`: as `add` and `introduce` take them."""
    book = Book()
    book.introduce(known)
    book.add(every)
    return book


def book(made: Books) -> Book:
    known: defaultdict[str, set[str]] = defaultdict(set)
    for each in made.owed:
        for name in each.payers:
            known[payer_key(name)].add(each.customer.code)
    return book_of(
        (
            Due(
                each.receivable_id, each.contract, each.customer.code, each.customer.name, each.fen, "CNY",
                each.due_on, each.virtual_account,
            )
            for each in made.owed
        ),
        known,
    )  # fmt: skip


def arrived(paid: Payment) -> Arrived:
    credited = "" if paid.credited == MAIN_ACCOUNT else paid.credited
    return Arrived(paid.fen, "CNY", paid.booked_on, paid.payer, credited, paid.remark, paid.reversal)


def match(known: Book, paid: list[Payment], policy: ClaimingPolicy) -> Claimed:
    claimed: Claimed = {}
    rest: dict[str, Arrived] = {}
    for each in paid:
        found = decide(arrived(each), known, policy)
        if found.parts:
            claimed[each.id] = found.parts
        elif found.splittable:
            rest[each.id] = arrived(each)
        for part in found.parts:
            known.take(part)
    for split in splits(rest, known, policy):
        for receipt_id in split.receipt_ids:
            claimed[receipt_id] = (Part(split.receivable_id, rest[receipt_id].amount_fen),)
            known.take(claimed[receipt_id][0])
    return claimed


def overdrawn(made: Books, claimed: Claimed) -> set[str]:
    """Receivables with more claimed of them, fees too, than is owed."""
    of_each: Counter[str] = Counter()
    for parts in claimed.values():
        for part in parts:
            of_each[part.receivable_id] += part.fen + part.fee_fen
    return {each.receivable_id for each in made.owed if of_each[each.receivable_id] > each.fen}


def figures(made: Books, paid: list[Payment], claimed: Claimed) -> Figures:
    """Raises AssertionError when more is claimed of a receivable than is owed: each receipt may look right alone."""
    contract = {each.receivable_id: each.contract for each in made.owed}
    assert not overdrawn(made, claimed)
    found = Figures()
    for each in paid:
        parts = claimed.get(each.id, ())
        truth = sorted((one.contract, one.fen, one.fee_fen) for one in each.truth)
        right = bool(parts) and truth == sorted(
            (contract[part.receivable_id], part.fen, part.fee_fen) for part in parts
        )
        found.claimed += bool(parts)
        found.right += right
        found.claimable += each.claimable
        found.recalled += each.claimable and right
        if parts and not right:
            found.wrong.append((each, parts))
        if each.claimable and not right:
            found.missed.append(each)
    return found
