"""Imports of history, and what they filled in. A new database has all this already.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from alembic import op

from leads.tables import customer_filled

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE lead_import ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'leads'")
    op.execute("ALTER TABLE lead_import_kept ADD COLUMN IF NOT EXISTS name text NOT NULL DEFAULT ''")
    customer_filled.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    customer_filled.drop(op.get_bind(), checkfirst=True)
    op.execute("ALTER TABLE lead_import_kept DROP COLUMN name")
    op.execute("ALTER TABLE lead_import DROP COLUMN kind")
