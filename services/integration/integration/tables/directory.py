"""Employees, units and what people may do."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, Date, Index, Integer, Table, Text, Uuid, text

from integration.tables.metadata import instant, metadata, words

unit = Table(
    "unit",
    metadata,
    Column("path", Text, primary_key=True),
    words("name"),
    words("manager_id"),
)

employee = Table(
    "employee",
    metadata,
    Column("employee_id", Text, primary_key=True),
    # Grows by one with each published change.
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    # active, on_leave, frozen, disabled, departed
    Column("status", Text, nullable=False),
    # Since when, as HR says; absent when HR does not say.
    instant("status_since", nullable=True),
    words("unit"),
    words("unit_name"),
    words("region_name"),
    words("manager_id"),
    words("position"),
    Column("hired_on", Date, nullable=True),
    Column("left_on", Date, nullable=True),
    words("email"),
    words("wecom_user_id"),
    # As last told on: a new policy of duties is told on too.
    Column("duties", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # Set while HR's latest answer does not cover this employee: its age then grows although the feed succeeds.
    instant("as_of_held", nullable=True),
    Index("employee_unit", "unit", "employee_id", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("employee_wecom", "wecom_user_id", postgresql_where=text("wecom_user_id <> ''")),
    Index("employee_position", "position", "employee_id"),
)

# One row: until when HR has answered for everybody it covers.
directory_state = Table(
    "directory_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    instant("as_of"),
)

# One row: drawn anew whenever status or age of somebody change. Written by triggers (0019), for memory to look at.
directory_revision = Table(
    "directory_revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Uuid(as_uuid=False), nullable=False),
)

duty_grant = Table(
    "duty_grant",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("employee_id", Text, nullable=False),
    Column("duty", Text, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    instant("granted_at"),
    instant("until", nullable=True),
    instant("revoked_at", nullable=True),
    words("revoked_by"),
    words("revoke_reason"),
    Index("duty_grant_held", "employee_id", "duty", unique=True, postgresql_where=text("revoked_at IS NULL")),
    Index("duty_grant_employee", "employee_id", "id"),
)
