"""What customers bought: their orders, as the ERP tells them or as they were brought along."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table, Text, text

from leads.tables.metadata import identifier, metadata, words

purchase = Table(
    "purchase",
    metadata,
    # The order's number in the ERP.
    Column("order_number", Text, primary_key=True),
    # erp, migrated
    Column("source", Text, nullable=False),
    # Integration's; 0 of what was brought along.
    Column("version", Integer, nullable=False),
    # Absent until the customer is known.
    identifier("customer_id"),
    # The record that the order names, where that one was merged into the customer (LD1.4).
    identifier("named_id"),
    words("customer_code"),
    words("customer_name"),
    words("name_key"),
    words("contract_number"),
    words("salesperson_id"),
    words("store"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    # Of the Shanghai calendar.
    Column("signed_on", Date, nullable=False),
    # active, cancelled
    Column("state", Text, nullable=False),
    # The import that brought it along.
    identifier("import_id"),
    Index("purchase_listed", "customer_id", "signed_on", "order_number"),
    # Buyers with their days, read from the index alone.
    Index("purchase_days", "customer_id", "signed_on", "store", postgresql_where=text("state = 'active'")),
    Index("purchase_contract", "contract_number", postgresql_where=text("contract_number <> ''")),
    Index("purchase_code", "customer_code", postgresql_where=text("customer_code <> ''")),
    Index("purchase_named", "named_id", postgresql_where=text("named_id IS NOT NULL")),
    Index("purchase_unlinked", "name_key", postgresql_where=text("customer_id IS NULL")),
    Index("purchase_import", "import_id", postgresql_where=text("import_id IS NOT NULL")),
)
