"""Since when an employee's status holds. A new database has the column already."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE employee ADD COLUMN IF NOT EXISTS status_since timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE employee DROP COLUMN IF EXISTS status_since")
