"""What was agreed next in a follow-up, and when it was promised for. A new database has it already."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE follow_up
            ADD COLUMN IF NOT EXISTS next_step text NOT NULL DEFAULT '',
            ADD COLUMN IF NOT EXISTS next_step_due_at timestamptz
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE follow_up DROP COLUMN next_step, DROP COLUMN next_step_due_at")
