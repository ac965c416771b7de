"""Deals go with their customer to its new owner. A new database has this already.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

from forecast.tables import customer_owner_change, owner_step

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEW = (customer_owner_change, owner_step)


def upgrade() -> None:
    for table in _NEW:
        table.create(op.get_bind(), checkfirst=True)
    op.execute("ALTER TABLE customer ADD COLUMN IF NOT EXISTS merged_at timestamptz")
    op.execute("ALTER TABLE opportunity ADD COLUMN IF NOT EXISTS came_from text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE opportunity ADD COLUMN IF NOT EXISTS came_at timestamptz")
    op.execute("ALTER TABLE opportunity ADD COLUMN IF NOT EXISTS claimed_by text NOT NULL DEFAULT ''")
    op.execute("CREATE INDEX IF NOT EXISTS opportunity_claimed ON opportunity (claimed_by) WHERE claimed_by <> ''")


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS opportunity_claimed")
    for column in ("claimed_by", "came_at", "came_from"):
        op.execute(f"ALTER TABLE opportunity DROP COLUMN IF EXISTS {column}")
    op.execute("ALTER TABLE customer DROP COLUMN IF EXISTS merged_at")
    for table in reversed(_NEW):
        table.drop(op.get_bind(), checkfirst=True)
