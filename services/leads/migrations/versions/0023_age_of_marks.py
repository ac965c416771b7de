"""Since when a customer waits to be graded anew. A new database has this already.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE customer_grade_due ADD COLUMN IF NOT EXISTS marked_at timestamptz NOT NULL DEFAULT now()")


def downgrade() -> None:
    op.execute("ALTER TABLE customer_grade_due DROP COLUMN IF EXISTS marked_at")
