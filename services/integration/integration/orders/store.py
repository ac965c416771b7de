"""SQL of orders. Rows of others: the owner is the salesperson, the unit is where HR says that person works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_

from chassis.access import visible_rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.orders.rules import OrderFacts
from integration.tables import employee, erp_order


def row_of(facts: OrderFacts) -> dict[str, Any]:
    lines = [
        {
            "product_code": each.product_code,
            "product_name": each.product_name,
            "quantity": format(each.quantity, "f"),
            "fen": each.amount.fen,
        }
        for each in facts.lines
    ]
    plain = {name: getattr(facts, name) for name in facts.__dataclass_fields__ if name not in ("amount", "lines")}
    return plain | {
        "state": facts.state.value,
        "amount_fen": facts.amount.fen,
        "currency": facts.amount.currency,
        "lines": lines,
    }


def order(tx: Transaction, order_id: str) -> Row[Any] | None:
    """None when there is none, or it is not the caller's to see."""
    return tx.execute(_seen_by(tx).where(erp_order.c.order_id == order_id)).one_or_none()


def orders(tx: Transaction, page: Page, *, contract_number: str, customer_code: str) -> Sequence[Row[Any]]:
    """Latest signed first."""
    query = _seen_by(tx).order_by(erp_order.c.signed_at.desc(), erp_order.c.order_id.desc()).limit(page.limit)
    if contract_number:
        query = query.where(erp_order.c.contract_number == contract_number)
    if customer_code:
        query = query.where(erp_order.c.customer_code == customer_code)
    if page.after:
        last = (datetime.fromisoformat(page.after["at"]), page.after["id"])
        query = query.where(tuple_(erp_order.c.signed_at, erp_order.c.order_id) < last)
    return tx.execute(query).all()


def _seen_by(tx: Transaction) -> Select[Any]:
    unit = func.coalesce(employee.c.unit, "").label("unit")
    query = select(erp_order, unit).outerjoin(employee, employee.c.employee_id == erp_order.c.salesperson_id)
    return query.where(visible_rows(tx.identity, erp_order.c.salesperson_id, employee.c.unit))
