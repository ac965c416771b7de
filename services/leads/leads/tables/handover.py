"""Handovers: the package of an employee who leaves or moves, and what became of each part of it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, identifier, instant, metadata, words

# States in which items still belong to the giver, and in which nothing is settled yet.
UNMOVED = "('opening', 'drafted', 'moving')"

handover = Table(
    "handover",
    metadata,
    identifier("handover_id", primary_key=True),
    # Who gives, as the roster knew the person then: the account may be gone when somebody reads this.
    Column("employee_id", Text, nullable=False),
    words("name"),
    words("unit"),
    words("team"),
    words("manager_id"),
    # departed, disabled, frozen, moved.
    Column("cause", Text, nullable=False),
    # The employee's version that told it.
    Column("employee_version", Integer, nullable=False),
    # opening, drafted, moving, moved, closed, cancelled.
    Column("state", Text, nullable=False),
    Column("policy_version", Integer, nullable=False, server_default=text("0")),
    instant("opened_at", nullable=False),
    instant("planned_at"),
    instant("move_due_at"),
    instant("deadline_at"),
    instant("released_at"),
    words("released_by"),
    instant("moved_at"),
    instant("closed_at"),
    instant("loss_until"),
    count("reminders"),
    words("reason"),
    words("reason_zh"),
    # One at a time is prepared for an employee, whatever the events say.
    Index("handover_unmoved", "employee_id", unique=True, postgresql_where=text(f"state IN {UNMOVED}")),
    Index("handover_at_work", "handover_id", postgresql_where=text("state IN ('drafted', 'moving')")),
    Index("handover_listed", "opened_at", "handover_id"),
    Index("handover_employee", "employee_id", "opened_at"),
)

handover_item = Table(
    "handover_item",
    metadata,
    identifier("item_id", primary_key=True),
    Column("handover_id", Uuid(as_uuid=False), ForeignKey("handover.handover_id"), nullable=False),
    # In the order in which they are moved and listed.
    Column("position", Integer, nullable=False),
    # customer, lead.
    Column("kind", Text, nullable=False),
    identifier("subject_id", nullable=False),
    # The customer's item with which an open lead goes.
    identifier("goes_with"),
    words("name"),
    words("grade"),
    words("industry"),
    words("province"),
    words("city"),
    Column("latitude", Double),
    Column("longitude", Double),
    # State, running clocks, last follow-up and promises as they were when the package was drafted.
    Column("body", JSONB, nullable=False, server_default=text("'{}'")),
    # waiting, held, moved, dropped, passed_on.
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    words("reason"),
    words("reason_zh"),
    words("planned_to"),
    # rules, or the manager who decided.
    words("planned_by"),
    words("plan_reason"),
    Column("parts", JSONB),
    words("taker_id"),
    words("taker_unit"),
    instant("moved_at"),
    instant("giver_at"),
    words("giver_by"),
    words("giver_remark"),
    instant("taker_at"),
    words("taker_by"),
    words("taker_remark"),
    # Completeness of the file when the taker checked it off, and what was missing then.
    Column("completeness", Double),
    Column("gaps", JSONB),
    Column("gaps_accepted", Boolean, nullable=False, server_default=text("false")),
    instant("informed_at"),
    words("informed_by"),
    words("informed_channel"),
    instant("lost_at"),
    # reported, opportunity_lost.
    words("lost_why"),
    words("lost_by"),
    words("lost_reason"),
    UniqueConstraint("handover_id", "kind", "subject_id", name="handover_item_once"),
    Index("handover_item_order", "handover_id", "position"),
    Index(
        "handover_item_open",
        "handover_id",
        "position",
        postgresql_where=text("state IN ('waiting', 'held') AND goes_with IS NULL"),
    ),
    Index("handover_item_with", "goes_with", postgresql_where=text("goes_with IS NOT NULL")),
    Index("handover_item_subject", "subject_id"),
    Index("handover_item_taker", "taker_id", "handover_id", postgresql_where=text("taker_id <> ''")),
)
