"""Orders know the store where they were sold. A new database has the column already."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE erp_order ADD COLUMN IF NOT EXISTS store text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE erp_order DROP COLUMN store")
