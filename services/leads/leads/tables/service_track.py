"""The service track of a customer (LD9.1): opportunities, schedules, deliveries, service calls, each as it is now."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table, Text, text

from leads.tables.metadata import identifier, instant, metadata, words

service_record = Table(
    "service_record",
    metadata,
    # opportunity, schedule, delivery, service_call.
    Column("kind", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    # An older one that comes late changes nothing.
    Column("version", Integer, nullable=False),
    # One of them names the customer: our own id, its number in the ERP, or its order there.
    identifier("customer_id"),
    words("customer_code"),
    words("order_id"),
    words("title"),
    words("state"),
    Column("amount_fen", BigInteger),
    words("currency"),
    Column("ready_on", Date),
    # What it is listed by: reported, starts, delivered.
    instant("at", nullable=False),
    # Of a service call.
    instant("responded_at"),
    instant("closed_at"),
    Index("service_record_customer", "customer_id", "at", postgresql_where=text("customer_id IS NOT NULL")),
    Index("service_record_code", "customer_code", "at", postgresql_where=text("customer_code <> ''")),
    Index("service_record_order", "order_id", "at", postgresql_where=text("order_id <> ''")),
)
