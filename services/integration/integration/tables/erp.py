"""What the ERP tells of an order on its way: schedules, deliveries, invoices, stock, service calls."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, LargeBinary, Numeric, Table, Text, text

from integration.tables.metadata import currency, fen, instant, metadata, words


def _versions() -> list[Column[int] | Column[bytes]]:
    """Ours grows by one with each change; the ERP's own is beside it."""
    return [
        Column("version", Integer, nullable=False, server_default=text("1")),
        Column("source_version", Integer, nullable=False),
        Column("content_hash", LargeBinary, nullable=False),
    ]


erp_schedule = Table(
    "erp_schedule",
    metadata,
    Column("schedule_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    words("product_code"),
    words("product_name"),
    Column("quantity", Numeric, nullable=False),
    Column("starts_on", Date, nullable=True),
    Column("ready_on", Date, nullable=False),
    words("plant"),
    # planned, started, finished, cancelled
    Column("state", Text, nullable=False),
    *_versions(),
    Index("erp_schedule_order", "order_id", "schedule_id"),
    Index("erp_schedule_ready", "ready_on", "schedule_id"),
)

erp_delivery = Table(
    "erp_delivery",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    words("order_id"),
    words("contract_number"),
    words("customer_code"),
    words("customer_name"),
    Column("delivered_on", Date, nullable=False),
    # What counts: below zero for what came back, nothing for a cancelled note.
    fen("amount_fen"),
    currency(),
    # delivered, cancelled
    Column("state", Text, nullable=False),
    words("waybill"),
    *_versions(),
    Index("erp_delivery_day", "delivered_on", "delivery_id"),
    Index("erp_delivery_order", "order_id"),
    Index("erp_delivery_contract", "contract_number"),
    Index("erp_delivery_customer", "customer_code", "delivered_on", "delivery_id"),
)

erp_invoice = Table(
    "erp_invoice",
    metadata,
    Column("invoice_id", Text, primary_key=True),
    words("invoice_number"),
    words("order_id"),
    words("contract_number"),
    words("customer_code"),
    words("customer_name"),
    Column("issued_on", Date, nullable=False),
    # What counts, with tax: below zero for a red one, nothing for a void one.
    fen("amount_fen"),
    currency(),
    # blue, red
    Column("kind", Text, nullable=False),
    words("red_of"),
    # issued, void
    Column("state", Text, nullable=False),
    *_versions(),
    Index("erp_invoice_day", "issued_on", "invoice_id"),
    Index("erp_invoice_order", "order_id"),
    Index("erp_invoice_contract", "contract_number"),
    Index("erp_invoice_customer", "customer_code", "issued_on", "invoice_id"),
)

erp_stock = Table(
    "erp_stock",
    metadata,
    Column("stock_id", Text, primary_key=True),
    Column("product_code", Text, nullable=False),
    Column("warehouse", Text, nullable=False),
    Column("quantity", Numeric, nullable=False),
    # Not reserved; none when the ERP doesn't say.
    Column("available", Numeric, nullable=True),
    words("unit"),
    instant("counted_at"),
    *_versions(),
    Index("erp_stock_product", "product_code", "stock_id"),
)

service_call = Table(
    "service_call",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("customer_code", Text, nullable=False),
    words("customer_name"),
    words("order_id"),
    words("product_code"),
    words("subject"),
    words("engineer"),
    instant("reported_at"),
    instant("responded_at", nullable=True),
    instant("closed_at", nullable=True),
    # open, closed
    Column("state", Text, nullable=False),
    *_versions(),
    Index("service_call_reported", "reported_at", "call_id"),
    Index("service_call_customer", "customer_code", "reported_at", "call_id"),
    Index("service_call_order", "order_id"),
)
