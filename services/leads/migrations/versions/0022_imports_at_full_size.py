"""Imports of a hundred thousand rows: a revert walks in line, refused rows are kept as they came. A new database has
this already.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

from alembic import op

from leads.tables import lead_import_refused

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

COLUMNS = {
    "starts": "integer NOT NULL DEFAULT 0",
    "headings": "jsonb",
    "reverted_lead": "uuid",
    "reverted_touch": "uuid",
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE lead_import ADD COLUMN IF NOT EXISTS {name} {kind}")
    lead_import_refused.create(op.get_bind(), checkfirst=True)
    op.execute("CREATE INDEX IF NOT EXISTS lead_import_line ON lead (import_id, lead_id) WHERE import_id IS NOT NULL")
    op.execute("DROP INDEX IF EXISTS lead_import_rows")


def downgrade() -> None:
    op.execute("CREATE INDEX IF NOT EXISTS lead_import_rows ON lead (import_id) WHERE import_id IS NOT NULL")
    op.execute("DROP INDEX IF EXISTS lead_import_line")
    lead_import_refused.drop(op.get_bind(), checkfirst=True)
    for name in COLUMNS:
        op.execute(f"ALTER TABLE lead_import DROP COLUMN IF EXISTS {name}")
