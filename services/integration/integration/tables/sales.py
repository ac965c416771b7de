"""What the ERP and the points of sale tell: orders, receivables, sales history."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from integration.tables.metadata import currency, fen, instant, metadata, words

erp_order = Table(
    "erp_order",
    metadata,
    Column("order_id", Text, primary_key=True),
    # Ours, grows by one with each published change; the ERP's own is kept beside it.
    Column("version", Integer, nullable=False),
    Column("source_version", Integer, nullable=False),
    words("contract_number"),
    words("customer_code"),
    words("customer_name"),
    words("salesperson_id"),
    fen("amount_fen"),
    currency(),
    instant("signed_at"),
    # active, cancelled
    Column("state", Text, nullable=False),
    instant("cancelled_at", nullable=True),
    Column("technical_service", Boolean, nullable=False),
    Column("lines", JSONB, nullable=False),
    words("store"),
    Column("content_hash", LargeBinary, nullable=False),
    Index("erp_order_signed", "signed_at", "order_id"),
    Index("erp_order_contract", "contract_number", "signed_at", "order_id"),
    Index("erp_order_customer", "customer_code", "signed_at", "order_id"),
    Index("erp_order_salesperson", "salesperson_id", "signed_at", "order_id"),
)

receivable = Table(
    "receivable",
    metadata,
    Column("receivable_id", Text, primary_key=True),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("source_version", Integer, nullable=False),
    words("contract_number"),
    words("customer_code"),
    words("customer_name"),
    words("salesperson_id"),
    fen("amount_fen"),
    fen("claimed_fen", default=True),
    currency(),
    Column("due_on", Date, nullable=False),
    words("virtual_account"),
    # Contract number and customer name as rules compare them.
    words("contract_key"),
    words("customer_key"),
    Column("content_hash", LargeBinary, nullable=False),
    Index("receivable_due", "due_on", "receivable_id"),
    Index("receivable_contract", "contract_number", "due_on", "receivable_id"),
    Index("receivable_customer", "customer_code", "due_on", "receivable_id"),
    Index("receivable_salesperson", "salesperson_id", "due_on", "receivable_id"),
    Index("receivable_open", "due_on", "receivable_id", postgresql_where=text("amount_fen > claimed_fen")),
    Index("receivable_open_fen", text("(amount_fen - claimed_fen)"), postgresql_where=text("amount_fen > claimed_fen")),
    Index("receivable_contract_key", "contract_key"),
    Index("receivable_odd_contract", "contract_key", postgresql_where=text("contract_key ~ '[^A-Z0-9]'")),
    Index("receivable_customer_key", "customer_key"),
    Index("receivable_account", "virtual_account", postgresql_where=text("virtual_account <> ''")),
)

pos_load = Table(
    "pos_load",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("file_id", Text, nullable=False),
    instant("loaded_at"),
    Column("loaded_by", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
)

pos_sale = Table(
    "pos_sale",
    metadata,
    Column("day", Date, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    # Of sums that were loaded.
    Column("units", BigInteger, nullable=False),
    fen("amount_fen"),
    # Of receipt lines; where there are some, they count.
    Column("line_units", BigInteger, nullable=True),
    Column("line_fen", BigInteger, nullable=True),
)
