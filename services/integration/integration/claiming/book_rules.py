"""Everything that money may be for, found by contract, virtual account, customer and amount: never all pairs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from integration.claiming.rules import Due, Part
from integration.receivables.name_rules import contract_key, payer_key


@dataclass
class Book:
    """Claiming from it makes the open amounts smaller.

    `contracts` (numbers by their key) and `accounts` name the paid ones too: money that names them is for nothing else.
    `payers`: customer codes by the key of a name that pays for them; `names`: by the key of their own name.
    `common`: currencies and amounts that so many have open that names are not compared.
    `spelled`: the contracts' keys with other letters than A–Z, which are looked for by their spelling.
    """

    due: dict[str, Due] = field(default_factory=dict)
    payers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    contracts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accounts: frozenset[str] = frozenset()
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    common: frozenset[tuple[str, int]] = frozenset()

    def __post_init__(self) -> None:
        self.spelled = tuple(key for key in self.contracts if not key.isascii())
        self._by_contract = _index(self.due.values(), lambda each: each.contract_number)
        self._by_account = _index(self.due.values(), lambda each: each.virtual_account)
        self._by_customer = _index(self.due.values(), lambda each: each.customer_code)
        self._by_amount: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for each in self.due.values():
            self._by_amount[each.currency].append((each.open_fen, each.receivable_id))
        for amounts in self._by_amount.values():
            amounts.sort()

    def add(self, more: Iterable[Due]) -> None:
        """Further open receivables, for ranking."""
        self.due = {each.receivable_id: each for each in more} | self.due
        self.__post_init__()

    def of_contract(self, number: str, currency: str) -> list[Due]:
        return self._open(self._by_contract.get(number, ()), currency)

    def of_account(self, account: str) -> list[Due]:
        return self._open(self._by_account.get(account, ()))

    def of_customers(self, codes: Iterable[str], currency: str) -> list[Due]:
        return self._open((each for code in codes for each in self._by_customer.get(code, ())), currency)

    def of_amount(self, least: int, most: int, currency: str) -> list[Due]:
        """Open with this much."""
        amounts = self._by_amount[currency]
        first, last = bisect_left(amounts, (least, "")), bisect_right(amounts, (most, "\U0010ffff"))
        return [self.due[each] for _, each in amounts[first:last]]

    def take(self, part: Part) -> None:
        due = self.due[part.receivable_id]
        left = due.open_fen - part.fen - part.fee_fen
        self.due[due.receivable_id] = replace(due, open_fen=left)
        amounts = self._by_amount[due.currency]
        if due.open_fen > 0:
            # What has nothing open stands no longer among the amounts.
            del amounts[bisect_left(amounts, (due.open_fen, due.receivable_id))]
        if left > 0:
            insort(amounts, (left, due.receivable_id))

    def _open(self, ids: Iterable[str], currency: str | None = None) -> list[Due]:
        """Oldest due first."""
        found = [self.due[each] for each in ids]
        kept = [each for each in found if each.open_fen > 0 and currency in (None, each.currency)]
        return sorted(kept, key=lambda each: each.age)


def book_of(
    every: Iterable[Due], known: Mapping[str, Iterable[str]], common: frozenset[tuple[str, int]] = frozenset()
) -> Book:
    """`every`: the paid ones too, which are for nothing else. `known`: customer codes by the key of a payer's name.

    A customer that pays in its own name needs no introduction.
    """
    seen = list(every)
    contracts = _keys((contract_key(number), number) for number in {each.contract_number for each in seen})
    customers = {(each.customer_name, each.customer_code) for each in seen}
    names = _keys((payer_key(name), code) for name, code in customers)
    payers = _keys((key, code) for source in (known, names) for key, codes in source.items() for code in codes)
    accounts = frozenset(each.virtual_account for each in seen if each.virtual_account)
    due = {each.receivable_id: each for each in seen if each.open_fen > 0}
    return Book(due, payers, contracts, accounts, names, common)


def _keys(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        if key:
            found[key].add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _index(due: Iterable[Due], key: Callable[[Due], str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in due:
        name = key(each)
        if name:
            found[name].append(each.receivable_id)
    return found
