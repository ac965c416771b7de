"""Imports tried first, remembered and taken back. A new database has all this already.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

from leads.tables import import_mapping, lead_import_kept, lead_import_row, lead_import_seen

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (lead_import_row, lead_import_seen, lead_import_kept, import_mapping)
COLUMNS = {
    "lead_import": {
        "dry_run": "boolean NOT NULL DEFAULT false",
        "suggested": "integer NOT NULL DEFAULT 0",
        "withdrawn": "integer NOT NULL DEFAULT 0",
        "touches_removed": "integer NOT NULL DEFAULT 0",
        "kept": "integer NOT NULL DEFAULT 0",
        "revert_reason": "text NOT NULL DEFAULT ''",
    },
    "touch": {"import_id": "uuid"},
}
INDEXES = {
    "lead_import_reverting": "lead_import (started_at) WHERE state = 'reverting'",
    "touch_import": "touch (import_id, touch_id) WHERE import_id IS NOT NULL",
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}")
    for name, what in INDEXES.items():
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {what}")
    for made in TABLES:
        made.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for made in reversed(TABLES):
        made.drop(op.get_bind(), checkfirst=True)
    for name in INDEXES:
        op.execute(f"DROP INDEX IF EXISTS {name}")
    for table, columns in COLUMNS.items():
        for name in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN IF EXISTS {name}")
