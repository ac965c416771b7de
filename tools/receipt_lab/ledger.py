"""What is open while payments are made, by plain look-ups: the lab's own view of what can be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random

from tools.receipt_lab.books import Books, Customer, Owed


class Ledger:
    def __init__(self, made: Books) -> None:
        self._owed = {each.receivable_id: each for each in made.owed}
        self._open = {each.receivable_id: each.fen for each in made.owed}
        self._every = list(made.owed)
        self._of_contract: defaultdict[str, list[Owed]] = defaultdict(list)
        self._of_customer: defaultdict[str, list[Owed]] = defaultdict(list)
        self._of_amount: defaultdict[int, list[Owed]] = defaultdict(list)
        for each in made.owed:
            self._of_contract[each.contract].append(each)
            self._of_customer[each.customer.code].append(each)
            self._of_amount[each.fen].append(each)

    def open(self, owed: Owed) -> int:
        return self._open[owed.receivable_id]

    def has(self, contract: str) -> bool:
        return contract in self._of_contract

    def any_open(self, random: Random) -> Owed:
        while True:
            found = random.choice(self._every)
            if self.open(found) > 0:
                return found

    def pay(self, amounts: Iterable[tuple[str, int]]) -> None:
        for receivable_id, fen in amounts:
            self._open[receivable_id] -= fen
            self._of_amount[self._open[receivable_id]].append(self._owed[receivable_id])

    def open_of_contract(self, contract: str) -> list[Owed]:
        return self._oldest_first(self._of_contract[contract])

    def open_of(self, customers: Iterable[Customer]) -> list[Owed]:
        return self._oldest_first([each for customer in customers for each in self._of_customer[customer.code]])

    def oldest(self, contract: str) -> Owed:
        return self.open_of_contract(contract)[0]

    def oldest_with(self, fen: int, contract: str) -> Owed:
        return next(each for each in self.open_of_contract(contract) if self.open(each) == fen)

    def oldest_of(self, chosen: Sequence[Owed]) -> list[Owed]:
        """As many of each contract and amount as were chosen, the oldest of them."""
        wanted: defaultdict[tuple[str, int], int] = defaultdict(int)
        for each in chosen:
            wanted[each.contract, self.open(each)] += 1
        found = []
        for (contract, fen), count in wanted.items():
            found += [each for each in self.open_of_contract(contract) if self.open(each) == fen][:count]
        return found

    def customers_with(self, fen: int) -> set[Customer]:
        return {each.customer for each in self._of_amount[fen] if self.open(each) == fen}

    def telling(self, fen: int, customers: Sequence[Customer]) -> bool:
        """One contract of these customers has this amount open, and no others of them make it together."""
        same = [each for each in self.open_of(customers) if self.open(each) == fen]
        return len({each.contract for each in same}) == 1

    def near(self, fen: int, customers: Sequence[Customer]) -> int:
        """How many contracts have this amount open, or up to 0.1 % and 50 yuan more."""
        close = [
            each
            for each in self.open_of(customers)
            if 0 <= self.open(each) - fen <= min(50_00, self.open(each) // 1000)
        ]
        return len({each.contract for each in close})

    def ways(self, fen: int, customers: Sequence[Customer]) -> int:
        """In how many ways two or more make the sum; equal ones of a contract are told apart by nobody."""
        due = self.open_of(customers)
        sums: dict[tuple[tuple[str, int], ...], int] = {(): 0}
        for each in due:
            mark = (each.contract, self.open(each))
            grown = {
                tuple(sorted((*way, mark))): total + mark[1] for way, total in sums.items() if total + mark[1] <= fen
            }
            sums |= grown
        return sum(1 for way, total in sums.items() if total == fen and len(way) > 1)

    def _oldest_first(self, owed: Iterable[Owed]) -> list[Owed]:
        return sorted(
            (each for each in owed if self.open(each) > 0), key=lambda each: (each.due_on, each.receivable_id)
        )
