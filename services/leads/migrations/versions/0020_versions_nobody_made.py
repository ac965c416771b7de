"""A customer that was only graded since its import can be taken back.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD COLUMN IF NOT EXISTS by_itself integer NOT NULL DEFAULT 0")


def downgrade() -> None:
    op.execute("ALTER TABLE customer DROP COLUMN IF EXISTS by_itself")
