"""Grades of customers, their changes, and what was received for orders."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Double, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import identifier, instant, metadata, words

customer_grade = Table(
    "customer_grade",
    metadata,
    identifier("customer_id", primary_key=True),
    # The one that counts, as on the customer's row: empty, A, B, C.
    words("grade"),
    # What it came with; what the facts say; what a person says.
    words("declared"),
    words("computed"),
    Column("score", Double),
    Column("known", Double),
    Column("parts", JSONB),
    Column("policy_version", Integer, nullable=False, server_default=text("0")),
    instant("computed_at"),
    words("override"),
    words("override_reason"),
    words("override_by"),
    instant("override_at"),
    instant("override_until"),
)

customer_grade_change = Table(
    "customer_grade_change",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    identifier("customer_id", nullable=False),
    instant("at", nullable=False),
    # computed, declared, overridden, withdrawn, expired
    Column("kind", Text, nullable=False),
    # The grade that counts, and the computed one beneath it.
    words("before"),
    words("after"),
    words("computed_before"),
    words("computed_after"),
    Column("parts_before", JSONB),
    Column("parts_after", JSONB),
    words("text"),
    words("text_zh"),
    words("actor"),
    Column("policy_version", Integer, nullable=False),
    Index("customer_grade_change_shown", "customer_id", "id"),
)

# Customers of whom something is known that was not when they were graded last: a line for each time, which nobody
# waits for who adds one.
customer_grade_due = Table(
    "customer_grade_due",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    identifier("customer_id", nullable=False),
    # Of the machine, not of business: how long the queue really is.
    Column("marked_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("customer_grade_due_customer", "customer_id"),
)

receipt_claim = Table(
    "receipt_claim",
    metadata,
    Column("claim_id", Text, primary_key=True),
    words("contract_number"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("arrived_on", Date),
    # Taken back; what comes late of it changes nothing.
    Column("undone", Boolean, nullable=False),
    Index("receipt_claim_contract", "contract_number", postgresql_where=text("NOT undone")),
)
