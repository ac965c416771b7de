"""What is heard of customers from outside, and the leads that came of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, Text, UniqueConstraint

from leads.tables.metadata import identifier, instant, metadata, words

customer_dynamic = Table(
    "customer_dynamic",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    identifier("customer_id", nullable=False),
    # tender, registry, sign_up
    Column("kind", Text, nullable=False),
    # Of the tender or the sign-up; of the register the customer's own.
    Column("reference", Text, nullable=False),
    Column("version", Integer, nullable=False),
    instant("at", nullable=False),
    words("text"),
    words("text_zh"),
    words("url"),
    # The same word twice is one line.
    UniqueConstraint("customer_id", "kind", "reference", "version", name="customer_dynamic_once"),
    Index("customer_dynamic_shown", "customer_id", "at", "id"),
)

tender_lead = Table(
    "tender_lead",
    metadata,
    identifier("tender_id", primary_key=True),
    Column("version", Integer, nullable=False),
    # Absent while the tender fits no policy.
    identifier("lead_id"),
    # fits, closed, no_buyer, no_keyword, excluded, region, budget
    Column("verdict", Text, nullable=False),
    Index("tender_lead_lead", "lead_id"),
)

sign_up_lead = Table(
    "sign_up_lead",
    metadata,
    Column("pos_customer_id", Text, primary_key=True),
    identifier("lead_id", nullable=False),
)
