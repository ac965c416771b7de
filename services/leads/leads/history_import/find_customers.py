"""Which customer a row of history means: by its number in the ERP, its USCC, or its name where one alone bears it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chassis.errors import Violation
from chassis.unit_of_work import Transaction
from leads.customers import firm_store, store
from leads.customers.rules import Customer, Firm
from leads.history_import.line_rules import Whose

_UNKNOWN = Violation(
    "customer_code",
    "or the name means no customer that is known; bring the customers along first.",
    "或名称对应的客户不存在，请先导入客户。",
)
_SEVERAL = Violation("customer_name", "is borne by several customers.", "对应多个客户，请补充客户编号。")


class Customers:
    """Those that rows may mean, growing as an import of customers goes on."""

    def __init__(self, found: Iterable[Customer]) -> None:
        self._by_number: dict[tuple[str, str], Customer] = {}
        self._by_name: dict[str, dict[str, Customer]] = {}
        self._newest: dict[str, Customer] = {}
        for each in found:
            self.put(each)

    @classmethod
    def locked(cls, tx: Transaction, named: Sequence[Whose]) -> Customers:
        """As `of`, for who changes them or hangs something on them: names and numbers first, then the rows."""
        told = cls._told(tx, named)
        firm_store.lock_firms(
            tx, {key for each in named for key in vars(each).values() if key} | firm_store.keys_of(told)
        )
        rows = store.lock_all(tx, {each.customer_id for each in cls._told(tx, named)})
        known = cls.of(tx, named)
        for each in rows:
            if each.merged_into is None:
                known.put(each)
        return known

    @classmethod
    def of(cls, tx: Transaction, named: Sequence[Whose]) -> Customers:
        return cls(cls._told(tx, named))

    @staticmethod
    def _told(tx: Transaction, named: Sequence[Whose]) -> list[Customer]:
        firms = [Firm(each.name_key, None, each.uscc, "", "") for each in named]
        by_code = firm_store.by_codes(tx, [each.code for each in named if each.code])
        return [*by_code, *firm_store.candidates(tx, firms)]

    def put(self, customer: Customer) -> None:
        for field in ("customer_code", "uscc"):
            if number := getattr(customer, field):
                self._by_number[field, number] = customer
        self._by_name.setdefault(customer.name_key, {})[customer.customer_id] = customer
        self._newest[customer.customer_id] = customer

    def newest(self, found: Customer) -> Customer:
        """As it was put last, whatever it was found by."""
        return self._newest[found.customer_id]

    def bearer(self, uscc: str) -> str | None:
        """Id of the customer that has it."""
        found = self._by_number.get(("uscc", uscc))
        return found.customer_id if found else None

    def meant(self, whose: Whose) -> Customer | Violation:
        """What the row says more surely decides."""
        return self.known(whose) or (_SEVERAL if len(self._named(whose)) > 1 else _UNKNOWN)

    def find(self, whose: Whose) -> Customer | Violation | None:
        """None: nobody yet; a violation where the row leaves open which of several it means."""
        return self.known(whose) or (_SEVERAL if len(self._named(whose)) > 1 else None)

    def known(self, whose: Whose) -> Customer | None:
        for field, value in (("customer_code", whose.code), ("uscc", whose.uscc)):
            found = self._by_number.get((field, value))
            if found is not None:
                return found
        named = self._named(whose)
        return named[0] if len(named) == 1 else None

    def _named(self, whose: Whose) -> list[Customer]:
        """Who bears the name and is not known by another number; nobody bears none."""
        bearers = self._by_name.get(whose.name_key, {}) if whose.name_key else {}
        return [
            each
            for each in bearers.values()
            if not (whose.code and self._has(each, "customer_code")) and not (whose.uscc and self._has(each, "uscc"))
        ]

    def _has(self, found: Customer, field: str) -> bool:
        """Also by what an earlier row has filled in."""
        return bool(getattr(found, field) or getattr(self.newest(found), field))
