"""Customers that were found to be one. A new database has this already.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD COLUMN IF NOT EXISTS merged_into text")
    op.execute("ALTER TABLE customer ADD COLUMN IF NOT EXISTS merge_version integer NOT NULL DEFAULT 0")
    op.execute("CREATE INDEX IF NOT EXISTS customer_merged ON customer (merged_into) WHERE merged_into IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS customer_merged")
    op.execute("ALTER TABLE customer DROP COLUMN IF EXISTS merge_version")
    op.execute("ALTER TABLE customer DROP COLUMN IF EXISTS merged_into")
