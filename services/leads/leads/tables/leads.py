"""Leads, their touches and their timeline."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Computed, Double, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, identifier, instant, metadata, words, words_list

# States in which a lead waits for an owner, and in which an owner works on it.
WAITING = "('new', 'held', 'queued')"
OPEN = "('new', 'held', 'queued', 'assigned', 'accepted', 'contacted', 'recycled')"
POOL_LINE = ("rank", "waiting_since", "lead_id")
POOL_FACETS = ("grade", "channel", "province", "city", "industry")

lead = Table(
    "lead",
    metadata,
    identifier("lead_id", primary_key=True),
    Column("state", Text, nullable=False),
    # Empty: ungraded, which counts as C.
    words("grade"),
    Column("company_name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    words("contact_name"),
    words("phone"),
    words("uscc"),
    words("wecom_external_id"),
    Column("channel", Text, nullable=False),
    words("industry"),
    words("province"),
    words("city"),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("original_latitude", Double),
    Column("original_longitude", Double),
    words("original_datum"),
    Column("first_touch_due_hours", Integer),
    Column("budget_fen", BigInteger),
    words("budget_currency"),
    Column("budget_confirmed", Boolean),
    words_list("decision_chain"),
    words("need"),
    words("owner_id"),
    words("unit"),
    identifier("customer_id"),
    identifier("opportunity_id"),
    Column("yellow", Boolean, nullable=False, server_default=text("false")),
    words("reason"),
    words("reason_zh"),
    Column("touches", Integer, nullable=False, server_default=text("1")),
    count("bounces"),
    count("recalls"),
    instant("captured_at", nullable=False),
    instant("last_touch_at", nullable=False),
    instant("waiting_since"),
    instant("assigned_at"),
    instant("accepted_at"),
    instant("first_contact_at"),
    instant("last_effective_action_at"),
    instant("recycle_due_at"),
    identifier("hint_lead_id"),
    identifier("import_id"),
    identifier("merged_into"),
    identifier("parent_lead_id"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # A, B, C in the order in which waiting leads are served.
    Column("rank", Integer, Computed("CASE grade WHEN 'A' THEN 1 WHEN 'B' THEN 2 ELSE 3 END", persisted=True)),
    Index("lead_phone", "phone", postgresql_where=text(f"phone <> '' AND state IN {OPEN}")),
    Index("lead_uscc", "uscc", postgresql_where=text(f"uscc <> '' AND state IN {OPEN}")),
    Index("lead_wecom", "wecom_external_id", postgresql_where=text(f"wecom_external_id <> '' AND state IN {OPEN}")),
    Index("lead_waiting", "rank", "captured_at", "lead_id", postgresql_where=text(f"state IN {WAITING}")),
    # In the pool's order, with what it is filtered by; and one city's part of it.
    Index("lead_pool_line", *POOL_LINE, postgresql_include=POOL_FACETS, postgresql_where=text("state = 'recycled'")),
    Index("lead_pool_city", "city", *POOL_LINE, postgresql_where=text("state = 'recycled'")),
    Index("lead_newest", "captured_at", "lead_id"),
    Index("lead_owner", "owner_id", "captured_at", "lead_id"),
    Index("lead_unit", "unit", "captured_at", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("lead_due", "recycle_due_at", "lead_id", postgresql_where=text("recycle_due_at IS NOT NULL")),
    Index("lead_import_line", "import_id", "lead_id", postgresql_where=text("import_id IS NOT NULL")),
    Index("lead_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    Index("lead_customer", "customer_id", postgresql_where=text("customer_id IS NOT NULL")),
    Index("lead_bounced", "lead_id", postgresql_where=text("state = 'recycled' AND bounces >= 3")),
)

touch = Table(
    "touch",
    metadata,
    identifier("touch_id", primary_key=True),
    identifier("lead_id", nullable=False),
    instant("at", nullable=False),
    Column("channel", Text, nullable=False),
    words("contact_name"),
    words("need"),
    # What came in, as it came in.
    Column("raw", JSONB, nullable=False),
    words("actor"),
    identifier("import_id"),
    Index("touch_lead", "lead_id", "at"),
    Index("touch_import", "import_id", "touch_id", postgresql_where=text("import_id IS NOT NULL")),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    identifier("lead_id", nullable=False),
    instant("at", nullable=False),
    Column("kind", Text, nullable=False),
    words("actor"),
    words("text"),
    words("text_zh"),
    words("reference"),
    Index("timeline_lead", "lead_id", "at", "id"),
)
