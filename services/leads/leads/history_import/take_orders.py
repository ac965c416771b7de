"""Orders of the system before, into the purchase history of customers; the ERP's own word replaces them (LD1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.errors import Violation
from chassis.unit_of_work import Transaction
from leads.customer_grades.mark_customers import mark_customers
from leads.customers.rules import Customer
from leads.history_import.find_customers import Customers
from leads.history_import.form_rules import ORDERS
from leads.history_import.line_rules import OrderLine
from leads.history_import.read_rules import read_order
from leads.imports.history import Taken, TakenBack
from leads.imports.try_rows import Judged
from leads.purchases import store as purchases
from leads.purchases.keep_migrated import keep_migrated
from leads.purchases.rules import Purchase, Source, State

# They hang on nothing, so that many go at once.
_EASY = 10


class OrdersKind:
    form = ORDERS

    def read(self, cells: Sequence[str], columns: Any, width: int, now: datetime) -> OrderLine:
        return read_order(cells, columns, width, now)

    def key(self, line: OrderLine) -> str:
        return line.order_number

    def take(self, tx: Transaction, lines: Sequence[tuple[int, OrderLine]], row: Row[Any]) -> Taken:
        customers = Customers.locked(tx, [line.whose for _, line in lines])
        refused: list[tuple[int, Violation]] = []
        brought: dict[str, Purchase] = {}
        judged: list[Judged] = []
        for number, line in lines:
            customer = customers.meant(line.whose)
            if isinstance(customer, Violation):
                refused.append((number, customer))
                continue
            outcome = "appended" if line.order_number in brought else "created"
            brought.setdefault(line.order_number, _purchase(customer, line, row.import_id))
            judged.append(Judged(number, outcome, line.order_number, customer.customer_id))  # type: ignore[arg-type]
        kept = keep_migrated(tx, list(brought.values()))
        mark_customers(tx, kept.customers)
        return Taken([_met(each) if each.company_name in kept.refused else each for each in judged], refused)

    def take_back(self, tx: Transaction, row: Row[Any], most: int) -> TakenBack:
        """Those that the ERP has told of since are the ERP's."""
        whose = purchases.forget_import(tx, row.import_id, most * _EASY)
        mark_customers(tx, {each for each in whose if each})
        return TakenBack(withdrawn=len(whose), more=bool(whose))


def _met(judged: Judged) -> Judged:
    """An order that is held already stays as it is."""
    return Judged(judged.number, "appended", judged.company_name, judged.known)


def _purchase(customer: Customer, line: OrderLine, import_id: str) -> Purchase:
    return Purchase(
        order_number=line.order_number,
        source=Source.MIGRATED,
        version=0,
        customer_code=line.whose.code or customer.customer_code or "",
        customer_name=customer.name,
        name_key=customer.name_key,
        contract_number=line.contract_number,
        salesperson_id=line.salesperson_id,
        store=line.store,
        amount=line.amount,
        signed_on=line.signed_on,
        state=State.ACTIVE,
        customer_id=customer.customer_id,
        import_id=import_id,
    )
