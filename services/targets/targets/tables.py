"""The schema of targets on one page. Money is whole fen; months are "YYYY-MM"."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from chassis.feed_states import feed_state_table

metadata = MetaData()

employee = Table(
    "employee",
    metadata,
    Column("employee_id", Text, primary_key=True),
    # Of the event that wrote the row; an older one is ignored.
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("manager_id", Text, nullable=False),
)

unit = Table(
    "unit",
    metadata,
    # "/HQ/EAST/HZ1/"
    Column("path", Text, primary_key=True),
    Column("name", Text, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    Column("plan_id", Uuid(as_uuid=False), primary_key=True),
    Column("name", Text, nullable=False),
    Column("first_month", Text, nullable=False),
    Column("last_month", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("plan_newest", "first_month", "plan_id"),
)

plan_node = Table(
    "plan_node",
    metadata,
    Column("node_id", Uuid(as_uuid=False), primary_key=True),
    Column("plan_id", Uuid(as_uuid=False), nullable=False),
    Column("level", Text, nullable=False),
    # Unit path, or employee id on level rep.
    Column("subject", Text, nullable=False),
    # The unit itself; the rep's unit on level rep.
    Column("unit", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("target_fen", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("plan_id", "month", "level", "subject", name="plan_node_once"),
    Index("plan_node_month", "month", "unit", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("plan_node_subject", "subject", "month"),
)

target_change = Table(
    "target_change",
    metadata,
    Column("change_id", Uuid(as_uuid=False), primary_key=True),
    Column("plan_id", Uuid(as_uuid=False), nullable=False),
    Column("node_id", Uuid(as_uuid=False), nullable=False),
    Column("actor", Text, nullable=False),
    Column("before_fen", BigInteger, nullable=True),
    Column("after_fen", BigInteger, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("target_change_newest", "plan_id", "change_id"),
    Index("target_change_node", "node_id", "change_id"),
)

collected_claim = Table(
    "collected_claim",
    metadata,
    Column("claim_id", Text, primary_key=True),
    Column("receipt_id", Text, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("salesperson_id", Text, nullable=False),
    # The rep's unit when the claim was seen; null until the roster knows the rep.
    Column("unit", Text, nullable=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("arrived_on", Date, nullable=False),
    Column("month", Text, nullable=False),
    Column("method", Text, nullable=False),
    Index("collected_claim_month", "month", "salesperson_id"),
    Index("collected_claim_rows", "month", "arrived_on", "claim_id"),
    Index("collected_claim_unit", "month", "unit", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("collected_claim_unknown", "salesperson_id", postgresql_where=text("unit IS NULL")),
)

# Claims taken back. Kept apart, so that an undo that overtakes its claim still wins.
undone_claim = Table(
    "undone_claim",
    metadata,
    Column("claim_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

feed_state = feed_state_table(metadata)

sales_month = Table(
    "sales_month",
    metadata,
    Column("region", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("load_id", Text, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
)
