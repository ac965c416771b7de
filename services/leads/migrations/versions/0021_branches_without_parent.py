"""Branches that wait for their parent are found by the beginning of their name. A new database has this already.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE INDEX IF NOT EXISTS customer_unlinked_branch ON customer (name_key text_pattern_ops)
        WHERE parent_customer_id IS NULL AND name_key LIKE '%分'
    """)


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS customer_unlinked_branch")
