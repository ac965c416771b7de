"""SQL of one contract's page: its documents as steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Row, Table, func, select

from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from integration.board.documents_store import due_of, orders_of, paid_of, papers_of
from integration.board.steps_rules import Step, StepKind
from integration.tables import board_row, employee, erp_delivery, erp_invoice, erp_schedule, service_call


def is_seen(tx: Transaction, salespeople: Iterable[str]) -> bool:
    """By the rule of the board's rows: those of own people."""
    units = dict.fromkeys(salespeople, "")
    query = select(employee.c.employee_id, employee.c.unit).where(employee.c.employee_id == func.any(list(units)))
    units |= {row.employee_id: row.unit for row in tx.execute(query)}
    return any(tx.identity.may_see(owner, unit) for owner, unit in units.items())


def offsets_of(tx: Transaction, thread: str) -> dict[str, list[dict[str, Any]]]:
    """By currency, as the board last noted them."""
    query = select(board_row.c.currency, board_row.c.offsets).where(board_row.c.thread == thread)
    return {row.currency: list(row.offsets) for row in tx.execute(query)}


def steps_of(tx: Transaction, thread: str, order_ids: set[str]) -> list[Step]:
    """In no order."""
    named = {thread}
    return [
        *(_contract(row) for row in tx.execute(orders_of(named))),
        *(_schedule(row) for row in tx.execute(_of_orders(erp_schedule, order_ids))),
        *_papers(tx, erp_delivery, thread, order_ids),
        *(_receivable(row) for row in tx.execute(due_of(named))),
        *(_receipt(row) for row in tx.execute(paid_of(named))),
        *_papers(tx, erp_invoice, thread, order_ids),
        *(_service_call(row) for row in tx.execute(_of_orders(service_call, order_ids))),
    ]


def _of_orders(table: Table, order_ids: set[str]) -> Any:
    return select(table).where(table.c.order_id == func.any(sorted(order_ids)))


def _papers(tx: Transaction, table: Table, thread: str, order_ids: set[str]) -> Iterator[Step]:
    told = _delivery if table is erp_delivery else _invoice
    return (told(row) for row in tx.execute(papers_of(table, {thread}, order_ids)) if row.thread == thread)


def _contract(row: Row[Any]) -> Step:
    money = {"fen": row.amount_fen, "currency": row.currency}
    text = f"{row.contract_number or row.order_id} {row.customer_name}"
    link = f"/api/v1/orders/{row.order_id}"
    return Step(StepKind.CONTRACT, row.order_id, local_date(row.signed_at), row.state, text=text, link=link, **money)


def _schedule(row: Row[Any]) -> Step:
    text = f"{row.product_name or row.product_code} × {row.quantity:f}"
    link = f"/api/v1/production-schedules?orderId={row.order_id}"
    return Step(StepKind.SCHEDULE, row.schedule_id, row.ready_on, row.state, text=text, link=link)


def _delivery(row: Row[Any]) -> Step:
    money = {"fen": row.amount_fen, "currency": row.currency}
    link = f"/api/v1/shipments?orderId={row.order_id}"
    return Step(StepKind.DELIVERY, row.delivery_id, row.delivered_on, row.state, text=row.waybill, link=link, **money)


def _receivable(row: Row[Any]) -> Step:
    left = row.amount_fen - row.claimed_fen
    state = "paid" if left <= 0 else "partly_paid" if row.claimed_fen else "open"
    money = {"fen": row.amount_fen, "currency": row.currency}
    link = f"/api/v1/receivables?contractNumber={row.contract_number}"
    return Step(StepKind.RECEIVABLE, row.receivable_id, row.due_on, state, link=link, **money)


def _receipt(row: Row[Any]) -> Step:
    """The money's own id; a receipt that was split has a step for each part. A draft counts when it matures."""
    draft = row.matures_on is not None
    text = f"{row.payer_name} {row.draft_number}".strip() if draft else row.payer_name
    money = {"fen": row.amount_fen, "currency": row.currency}
    state = "draft" if draft else row.method
    link = f"/api/v1/receipts/{row.receipt_id}"
    return Step(StepKind.RECEIPT, row.receipt_id, row.day, state, text=text, link=link, **money)


def _invoice(row: Row[Any]) -> Step:
    money = {"fen": row.amount_fen, "currency": row.currency}
    state = "void" if row.state == "void" else row.kind
    link = f"/api/v1/invoices?orderId={row.order_id}"
    return Step(StepKind.INVOICE, row.invoice_id, row.issued_on, state, text=row.invoice_number, link=link, **money)


def _service_call(row: Row[Any]) -> Step:
    link = f"/api/v1/service-calls?customerCode={row.customer_code}"
    return Step(StepKind.SERVICE_CALL, row.call_id, local_date(row.reported_at), row.state, text=row.subject, link=link)
