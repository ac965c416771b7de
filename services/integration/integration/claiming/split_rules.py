"""Several receipts of one payer for one receivable, in exactly one way (N4.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from integration.claiming.book_rules import Book
from integration.claiming.combination_rules import Item, ways
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.remark_rules import contradicts
from integration.claiming.rules import Arrived, Due
from integration.receivables.name_rules import payer_key

Receipts = Mapping[str, Arrived]


@dataclass(frozen=True)
class Split:
    """These receipts, each with its whole amount, pay this receivable to the fen."""

    receivable_id: str
    receipt_ids: tuple[str, ...]


def splits(receipts: Receipts, book: Book, policy: ClaimingPolicy) -> list[Split]:
    """Of receipts that nothing else explains. A receipt that fits into two ways is in none of them, and a receivable
    is paid once, by whatever payers."""
    if policy.combined_confidence < policy.automatic_from:
        return []
    rivals: defaultdict[str, list[Split]] = defaultdict(list)
    for ids in _by_payer(receipts).values():
        for split in _of_one_payer({each: receipts[each] for each in ids}, book, policy):
            rivals[split.receivable_id].append(split)
    return [split for same in rivals.values() for split in _handed_out(same, receipts, book)]


def _handed_out(rivals: Sequence[Split], receipts: Receipts, book: Book) -> list[Split]:
    """Equal instalments of the contract, the oldest to whoever paid first; none when there are fewer than payments."""
    due = book.due[rivals[0].receivable_id]
    equal = [
        each.receivable_id
        for each in book.of_contract(due.contract_number, due.currency)
        if (each.open_fen, each.customer_code) == (due.open_fen, due.customer_code)
    ]
    if len(rivals) > len(equal):
        return []
    in_turn = sorted(rivals, key=lambda split: min((receipts[each].booked_on, each) for each in split.receipt_ids))
    return [replace(split, receivable_id=each) for split, each in zip(in_turn, equal, strict=False)]


def _by_payer(receipts: Receipts) -> dict[tuple[str, str], list[str]]:
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for receipt_id, each in sorted(receipts.items(), key=lambda found: (found[1].booked_on, found[0])):
        groups[payer_key(each.payer_name), each.currency].append(receipt_id)
    return {payer: ids for payer, ids in groups.items() if payer[0] and len(ids) > 1}


def _of_one_payer(receipts: Receipts, book: Book, policy: ClaimingPolicy) -> list[Split]:
    first = next(iter(receipts.values()))
    customers = book.payers.get(payer_key(first.payer_name), set())
    targets = _one_for_each_amount(book.of_customers(sorted(customers), first.currency))
    ways_found = {split for due in targets for split in _for_target(receipts, due, policy)}
    often: defaultdict[str, int] = defaultdict(int)
    for split in ways_found:
        for receipt_id in split.receipt_ids:
            often[receipt_id] += 1
    kept = [split for split in ways_found if all(often[receipt_id] == 1 for receipt_id in split.receipt_ids)]
    return sorted(kept, key=lambda split: split.receipt_ids)


def _one_for_each_amount(due: Sequence[Due]) -> list[Due]:
    """The oldest due of one contract; an amount that several contracts have open tells nothing."""
    same: defaultdict[int, list[Due]] = defaultdict(list)
    for each in due:
        same[each.open_fen].append(each)
    return [found[0] for found in same.values() if len({each.contract_number for each in found}) == 1]


def _for_target(receipts: Receipts, due: Due, policy: ClaimingPolicy) -> Iterator[Split]:
    if any(contradicts(each.remark, due.contract_number) for each in receipts.values()):
        return
    for window in _windows(receipts, policy):
        for way in ways(due.open_fen, window, policy):
            yield Split(due.receivable_id, tuple(sorted(each.id for each in way)))


def _windows(receipts: Receipts, policy: ClaimingPolicy) -> Iterable[list[Item]]:
    """What came within the policy's days of each receipt, the earliest first."""
    for first in receipts.values():
        last = first.booked_on + timedelta(days=policy.split_days)
        yield [
            Item(id_, "", each.amount_fen)
            for id_, each in receipts.items()
            if first.booked_on <= each.booked_on <= last
        ]
