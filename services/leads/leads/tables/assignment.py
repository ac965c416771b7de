"""Who got a lead, why, and what took it back."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, identifier, instant, metadata, words, written_by

assignment = Table(
    "assignment",
    metadata,
    identifier("assignment_id", primary_key=True),
    Column("lead_id", Uuid(as_uuid=False), ForeignKey("lead.lead_id"), nullable=False),
    Column("employee_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # Of the employee then; shares are counted within it (LD4.5).
    words("team"),
    Column("grade", Text, nullable=False),
    Column("how", Text, nullable=False),
    identifier("decision_id"),
    instant("assigned_at", nullable=False),
    instant("ended_at"),
    # recycled, converted, disqualified, reassigned, recalled.
    words("end_kind"),
    identifier("recall_id"),
    # One lead never has two owners, whatever the code does.
    Index("assignment_current", "lead_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("assignment_claimed", "employee_id", postgresql_where=text("ended_at IS NULL AND how = 'claimed'")),
    Index("assignment_lead", "lead_id", "assigned_at"),
    Index("assignment_grade", "grade", "assigned_at"),
    Index("assignment_employee", "employee_id", "assigned_at"),
    Index("assignment_unit", "unit", "assigned_at"),
    Index("assignment_team", "team", "assigned_at"),
    Index("assignment_recall", "recall_id", "lead_id", postgresql_where=text("recall_id IS NOT NULL")),
)

# Leads taken back from one employee since one instant: asked for twice, it is the same recall (LD4.6).
recall = Table(
    "recall",
    metadata,
    identifier("recall_id", primary_key=True),
    Column("employee_id", Text, nullable=False),
    instant("since", nullable=False),
    Column("automatic", Boolean, nullable=False),
    words("reason"),
    words("reason_zh"),
    words("started_by"),
    instant("started_at", nullable=False),
    UniqueConstraint("employee_id", "since", name="recall_once"),
)

# Who was kept from leads by the concentration guard, from which figures, and who ended it (LD4.5).
rep_pause = Table(
    "rep_pause",
    metadata,
    identifier("pause_id", primary_key=True),
    Column("employee_id", Text, nullable=False),
    words("unit"),
    words("team"),
    instant("paused_at", nullable=False),
    Column("to_rep", Integer, nullable=False),
    Column("to_team", Integer, nullable=False),
    Column("share", Double, nullable=False),
    Column("most", Double, nullable=False),
    Column("window_minutes", Integer, nullable=False),
    instant("cleared_at"),
    words("cleared_by"),
    words("clear_reason"),
    Index("rep_pause_open", "employee_id", unique=True, postgresql_where=text("cleared_at IS NULL")),
    Index("rep_pause_listed", "paused_at", "pause_id"),
)

# A leads of which the managers were told that they wait too long; once for each time that a lead waits.
wait_told = Table(
    "wait_told",
    metadata,
    identifier("lead_id", primary_key=True),
    Column("since", DateTime(timezone=True), primary_key=True),
)

decision = Table(
    "decision",
    metadata,
    identifier("decision_id", primary_key=True),
    identifier("lead_id", nullable=False),
    instant("at", nullable=False),
    Column("grade", Text, nullable=False),
    Column("policy_version", Integer, nullable=False),
    # assigned, held, queued, manual, customer_owner, customer_taker.
    Column("outcome", Text, nullable=False),
    words("winner_id"),
    # Weights, inputs, top 20, counts per filter, refusals of the probe; see assignment/record.py.
    Column("body", JSONB, nullable=False),
    # What the decision could see: pg_snapshot. Every versioned row is read back through it.
    words("snapshot"),
    # Whose claim to the next lead grew by 1/n: one bit per rep number.
    Column("band", LargeBinary),
    count("band_size"),
    written_by(),
    Index("decision_lead", "lead_id", "at"),
    Index("decision_at", "grade", "at", postgresql_where=text("outcome = 'assigned'")),
    Index("decision_xid", "xid"),
)

# Whether the high-load weights are in force for a grade: they go on above one mark and off below another (LD3.5).
load_mode = Table(
    "load_mode",
    metadata,
    Column("grade", Text, primary_key=True),
    Column("high", Boolean, nullable=False),
    instant("since", nullable=False),
)

# Who was told of the own load on which day (Shanghai).
load_told = Table(
    "load_told",
    metadata,
    Column("employee_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
)
