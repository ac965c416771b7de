"""What is unusual about a feed's volume. A new database has the columns already."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE feed
            ADD COLUMN IF NOT EXISTS volume_on date,
            ADD COLUMN IF NOT EXISTS volume text NOT NULL DEFAULT '',
            ADD COLUMN IF NOT EXISTS volume_zh text NOT NULL DEFAULT ''
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE feed DROP COLUMN volume_on, DROP COLUMN volume, DROP COLUMN volume_zh")
