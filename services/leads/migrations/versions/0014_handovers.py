"""Handovers. A new database has them already.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from alembic import op

from leads.tables import handover, handover_item

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE interaction ADD COLUMN IF NOT EXISTS next_step_due_at timestamptz")
    handover.create(op.get_bind(), checkfirst=True)
    handover_item.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    handover_item.drop(op.get_bind(), checkfirst=True)
    handover.drop(op.get_bind(), checkfirst=True)
    op.execute("ALTER TABLE interaction DROP COLUMN IF EXISTS next_step_due_at")
