"""Customers that were found to be one. A new database has this already."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE customer
            ADD COLUMN IF NOT EXISTS merged_into text,
            ADD COLUMN IF NOT EXISTS merge_version integer NOT NULL DEFAULT 0
    """)
    op.execute("CREATE INDEX IF NOT EXISTS customer_merged ON customer (merged_into) WHERE merged_into IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS customer_merged")
    op.execute("ALTER TABLE customer DROP COLUMN merged_into, DROP COLUMN merge_version")
