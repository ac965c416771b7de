"""Recalls, the concentration guard, alerts of waiting leads. A new database has all this already.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

from leads.tables import recall, rep_pause, wait_told

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = {
    "rep": {"paused_at": "timestamptz", "counted_from": "timestamptz"},
    "lead": {"recalls": "integer NOT NULL DEFAULT 0"},
    "assignment": {"team": "text NOT NULL DEFAULT ''", "recall_id": "uuid"},
}
INDEXES = (
    "CREATE INDEX IF NOT EXISTS assignment_team ON assignment (team, assigned_at)",
    "CREATE INDEX IF NOT EXISTS assignment_recall ON assignment (recall_id, lead_id) WHERE recall_id IS NOT NULL",
)


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}")
    for index in INDEXES:
        op.execute(index)
    for table in (recall, rep_pause, wait_told):
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for made in (wait_told, rep_pause, recall):
        made.drop(op.get_bind(), checkfirst=True)
    for table, columns in COLUMNS.items():
        for name in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN IF EXISTS {name}")
