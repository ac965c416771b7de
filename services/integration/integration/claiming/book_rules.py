"""Everything that money may be for, found by contract, virtual account, customer and amount: never all pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from integration.claiming.rules import Due, Part
from integration.receivables.name_rules import contract_key, payer_key

# Ids, numbers or codes by what they are found by.
Found = defaultdict[str, set[str]]
Steps = defaultdict[int, list[tuple[int, str]]]
# Open amounts are kept in steps of this many fen: few lie within the fee that a sensible policy lets a bank keep.
STEP = 1_000


class Book:
    """Grows by what more receipts point at; claiming from it makes the open amounts smaller.

    `contracts` (numbers by their key) and `accounts` name the paid ones too: money that names them is for nothing else.
    `payers`: customer codes by the key of a name that pays for them; `names`: by the key of their own name.
    `common`: currencies and amounts that so many have open that names are not compared.
    `spelled`: the contracts' keys with other letters than A–Z, which are looked for by their spelling.
    """

    def __init__(self) -> None:
        self.due: dict[str, Due] = {}
        self.payers, self.contracts, self.names = Found(set), Found(set), Found(set)
        self.accounts: set[str] = set()
        self.spelled: set[str] = set()
        self.common: frozenset[tuple[str, int]] = frozenset()
        self._by_contract, self._by_account, self._by_customer = Found(set), Found(set), Found(set)
        # Open amounts and ids by currency and step. What was claimed from since stands there still.
        self._by_amount: defaultdict[str, Steps] = defaultdict(lambda: defaultdict(list))

    def add(self, every: Iterable[Due]) -> None:
        """The paid ones too, which are for nothing else. What is there already keeps what it has open.

        A customer that pays in its own name needs no introduction.
        """
        for each in every:
            self._name(each)
            if each.open_fen > 0 and each.receivable_id not in self.due:
                self._open(each)

    def introduce(self, known: Mapping[str, Iterable[str]]) -> None:
        """`known`: customer codes by the key of a payer's name."""
        for key, codes in known.items():
            if key:
                self.payers[key].update(codes)

    def of_contract(self, number: str, currency: str) -> list[Due]:
        return self._oldest_first(self._by_contract.get(number, ()), currency)

    def of_account(self, account: str) -> list[Due]:
        return self._oldest_first(self._by_account.get(account, ()))

    def of_customers(self, codes: Iterable[str], currency: str) -> list[Due]:
        return self._oldest_first((each for code in codes for each in self._by_customer.get(code, ())), currency)

    def of_amount(self, least: int, most: int, currency: str) -> list[Due]:
        """Open with this much."""
        held, asked = self._by_amount[currency], range(least // STEP, most // STEP + 1)
        steps = asked if len(asked) < len(held) else [step for step in held if step in asked]
        near = (held.get(step, ()) for step in steps)
        found = [(fen, self.due[id_]) for amounts in near for fen, id_ in amounts if least <= fen <= most]
        return [due for fen, due in found if due.open_fen == fen]

    def take(self, part: Part) -> None:
        due = self.due[part.receivable_id]
        left = due.open_fen - part.fen - part.fee_fen
        self.due[due.receivable_id] = replace(due, open_fen=left)
        if left > 0:
            self._by_amount[due.currency][left // STEP].append((left, due.receivable_id))

    def _name(self, due: Due) -> None:
        if key := contract_key(due.contract_number):
            self.contracts[key].add(due.contract_number)
            if not key.isascii():
                self.spelled.add(key)
        if name := payer_key(due.customer_name):
            self.names[name].add(due.customer_code)
            self.payers[name].add(due.customer_code)
        if due.virtual_account:
            self.accounts.add(due.virtual_account)

    def _open(self, due: Due) -> None:
        self.due[due.receivable_id] = due
        self._by_amount[due.currency][due.open_fen // STEP].append((due.open_fen, due.receivable_id))
        for found, name in (
            (self._by_contract, due.contract_number),
            (self._by_account, due.virtual_account),
            (self._by_customer, due.customer_code),
        ):
            if name:
                found[name].add(due.receivable_id)

    def _oldest_first(self, ids: Iterable[str], currency: str | None = None) -> list[Due]:
        found = [self.due[each] for each in ids]
        kept = [each for each in found if each.open_fen > 0 and currency in (None, each.currency)]
        return sorted(kept, key=lambda each: each.age)
