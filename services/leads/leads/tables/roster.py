"""Reps as the roster knows them, each revision kept."""

from __future__ import annotations

from sqlalchemy import Column, Date, Double, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, instant, metadata, words, words_list, written_by

# One row per employee: projection of integration.employee_changed, profile, and what the rep carries now.
# A trigger raises `revision`, sets `xid` and keeps every revision in rep_revision, so no writer can forget it.
rep = Table(
    "rep",
    metadata,
    Column("employee_id", Text, primary_key=True),
    # Small and dense: the rep's bit in a decision's band.
    Column("number", Integer, Identity(start=0, minvalue=0), nullable=False, unique=True),
    # Of the employee in integration; 0 while only the profile is known.
    count("version"),
    words("name"),
    words("status"),
    words("unit"),
    words("unit_name"),
    words("manager_id"),
    # The unit of the rep's manager (LD3.3).
    words("team"),
    words("position"),
    words_list("duties"),
    Column("hired_on", Date),
    instant("as_of"),
    # Profile.
    Column("latitude", Double),
    Column("longitude", Double),
    Column("radius_km", Double, nullable=False, server_default=text("0")),
    words("province"),
    words("city"),
    words_list("grades"),
    words_list("industries"),
    # 0: the policy's.
    Column("baseline", Double, nullable=False, server_default=text("0")),
    # Load, as counts: what they weigh is the policy's business.
    count("open_a"),
    count("open_b"),
    count("open_c"),
    # A leads taken on the day `a_day` (Shanghai).
    Column("a_day", Date),
    count("a_taken"),
    instant("last_assigned_at"),
    # Set while the concentration guard keeps new leads off (LD4.5); its counting starts anew at `counted_from`.
    instant("paused_at"),
    instant("counted_from"),
    count("revision"),
    written_by(),
    Index("rep_xid", "xid"),
    Index("rep_unit", "unit", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("rep_manager", "manager_id"),
)

rep_revision = Table(
    "rep_revision",
    metadata,
    Column("employee_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("row", JSONB, nullable=False),
    written_by(),
)
