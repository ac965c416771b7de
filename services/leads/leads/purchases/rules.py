"""An order as the customer's file holds it, and whose it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from chassis.kernel.money import Money


class Source(StrEnum):
    ERP = "erp"
    MIGRATED = "migrated"


class State(StrEnum):
    ACTIVE = "active"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Purchase:
    """`signed_on` in Shanghai; `version` is 0 for what was brought along."""

    order_number: str
    source: Source
    version: int
    customer_code: str
    customer_name: str
    name_key: str
    contract_number: str
    salesperson_id: str
    store: str
    amount: Money
    signed_on: date
    state: State
    customer_id: str | None = None
    # The record that the order names, where it was merged into the customer.
    named_id: str | None = None
    import_id: str | None = None


@dataclass(frozen=True)
class Buyer:
    """A customer as orders may name it. `merged_into`: the one that goes on."""

    customer_id: str
    customer_code: str
    name_key: str
    merged_into: str | None = None

    @property
    def whole_id(self) -> str:
        return self.merged_into or self.customer_id


def newest(told: Iterable[Purchase]) -> dict[str, Purchase]:
    """Of several versions of one order the highest; in the order of their numbers."""
    found: dict[str, Purchase] = {}
    for each in told:
        known = found.get(each.order_number)
        if known is None or known.version < each.version:
            found[each.order_number] = each
    return dict(sorted(found.items()))


def tells_more(told: Purchase, held: Purchase | None) -> bool:
    """The ERP's word takes the place of what was brought along, and a newer word that of an older one."""
    if held is None:
        return True
    if held.source is Source.MIGRATED:
        return told.source is Source.ERP
    return told.source is Source.ERP and told.version > held.version


class Buyers:
    """Customers by what orders say of them."""

    def __init__(self, known: Collection[Buyer]) -> None:
        # A number that the customer that goes on has taken over is its own.
        coded = sorted(known, key=lambda each: each.merged_into is None)
        self._by_code: Mapping[str, Buyer] = {each.customer_code: each for each in coded if each.customer_code}
        self._by_name: dict[str, list[Buyer]] = {}
        for each in known:
            self._by_name.setdefault(each.name_key, []).append(each)

    def linked(self, purchase: Purchase) -> Purchase:
        """With the customer whose it is, and the record that it names where that was merged into it."""
        named = self._named(purchase)
        if named is None:
            return replace(purchase, customer_id=None, named_id=None)
        return replace(purchase, customer_id=named.whole_id, named_id=named.customer_id if named.merged_into else None)

    def _named(self, purchase: Purchase) -> Buyer | None:
        """By the number in the ERP; else by the name, where one customer alone bears it and has no number of its own.

        A customer known by another code is another customer, whatever it is called (LD1.3).
        """
        by_code = self._by_code.get(purchase.customer_code) if purchase.customer_code else None
        if by_code is not None:
            return by_code
        named = self._by_name.get(purchase.name_key, []) if purchase.name_key else []
        if len({each.whole_id for each in named}) != 1:
            return None
        if purchase.customer_code and any(each.customer_code for each in named):
            return None
        return min(named, key=lambda each: (each.merged_into is not None, each.customer_id))
