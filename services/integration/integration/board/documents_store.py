"""SQL that collects the documents of contracts. Whatever names only an order belongs to the order's contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Date, Row, Select, Table, Text, and_, case, cast, func, or_, select

from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from integration.board.thread_rules import Documents, DueAmount, Paid, Paper, SoldOrder
from integration.board_marks.store import CUSTOMER
from integration.tables import bank_draft, bank_entry, claim, erp_delivery, erp_invoice, erp_order, receivable


def documents_of(tx: Transaction, threads: Iterable[str]) -> dict[str, Documents]:
    """By thread; one without any document is not there."""
    wanted = set(threads)
    found: defaultdict[str, Documents] = defaultdict(Documents)
    orders = tx.execute(orders_of(wanted)).all()
    for row in orders:
        found[row.thread].orders.append(_order(row))
    for row in tx.execute(due_of(wanted)):
        found[row.contract_number].due.append(_due(row))
    for row in tx.execute(paid_of(wanted)):
        found[row.thread].paid.append(_paid(row))
    ids = {row.order_id for row in orders}
    for table in (erp_delivery, erp_invoice):
        for row in tx.execute(papers_of(table, wanted, ids)):
            if row.thread in wanted:
                documents = found[row.thread]
                (documents.deliveries if table is erp_delivery else documents.invoices).append(_paper(row))
    return dict(found)


def orders_of(threads: Iterable[str]) -> Select[Any]:
    named = _texts(threads)
    alone = and_(erp_order.c.contract_number == "", erp_order.c.order_id == func.any(named))
    thread = func.coalesce(func.nullif(erp_order.c.contract_number, ""), erp_order.c.order_id).label("thread")
    return select(erp_order, thread).where(or_(erp_order.c.contract_number == func.any(named), alone))


def due_of(threads: Iterable[str]) -> Select[Any]:
    return select(receivable).where(receivable.c.contract_number == func.any(_texts(threads)))


def paid_of(threads: Iterable[str]) -> Select[Any]:
    """Claims that stand, with the day from which they count. Money given back is a claim that no receivable gains."""
    later = bank_draft.c.matures_on > bank_entry.c.booked_on
    day = case((later, bank_draft.c.matures_on), else_=bank_entry.c.booked_on)
    joined = (
        claim.join(receivable, receivable.c.receivable_id == claim.c.receivable_id)
        .join(bank_entry, bank_entry.c.id == claim.c.receipt_id)
        .outerjoin(bank_draft, bank_draft.c.receipt_id == claim.c.receipt_id)
    )
    columns = (
        claim, receivable.c.contract_number.label("thread"), cast(day, Date).label("day"), bank_entry.c.booked_on,
        bank_entry.c.payer_name, bank_draft.c.matures_on, bank_draft.c.number.label("draft_number"),
    )  # fmt: skip
    mine = receivable.c.contract_number == func.any(_texts(threads))
    return select(*columns).select_from(joined).where(mine, claim.c.undone_at.is_(None))


def papers_of(table: Table, threads: Iterable[str], order_ids: Iterable[str]) -> Select[Any]:
    """`thread`: its contract; without one that of its order, its order, its customer."""
    named = set(threads)
    told = table.c
    known = (told.contract_number, erp_order.c.contract_number, told.order_id)
    thread = func.coalesce(*(func.nullif(each, "") for each in known), func.concat(CUSTOMER, told.customer_code))
    customers = {each.removeprefix(CUSTOMER) for each in named if each.startswith(CUSTOMER)}
    nowhere = and_(told.contract_number == "", told.order_id == "", told.customer_code == func.any(_texts(customers)))
    mine = or_(
        told.contract_number == func.any(_texts(named)),
        told.order_id == func.any(_texts(named | set(order_ids))),
        nowhere,
    )
    joined = table.outerjoin(erp_order, erp_order.c.order_id == told.order_id)
    return select(table, thread.label("thread")).select_from(joined).where(mine)


def _order(row: Row[Any]) -> SoldOrder:
    return SoldOrder(
        *_whose(row),
        row.amount_fen,
        local_date(row.signed_at),
        order_id=row.order_id,
        contract_number=row.contract_number,
        salesperson_id=row.salesperson_id,
        active=row.state == "active",
    )


def _due(row: Row[Any]) -> DueAmount:
    return DueAmount(*_whose(row), row.amount_fen, row.due_on, salesperson_id=row.salesperson_id)


def _paid(row: Row[Any]) -> Paid:
    return Paid(*_whose(row), row.amount_fen, row.day, fee_fen=row.fee_fen)


def _paper(row: Row[Any]) -> Paper:
    day = row.delivered_on if hasattr(row, "delivered_on") else row.issued_on
    return Paper(*_whose(row), row.amount_fen, day, order_id=row.order_id)


def _whose(row: Row[Any]) -> tuple[str, str, str]:
    return row.customer_code, row.customer_name, row.currency


def _texts(values: Iterable[str]) -> Any:
    return cast(sorted(set(values)), ARRAY(Text))
