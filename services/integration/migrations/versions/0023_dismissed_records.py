"""Records in quarantine that people give up. A new database has the columns already."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE quarantine
            ADD COLUMN IF NOT EXISTS asked_by text NOT NULL DEFAULT '',
            ADD COLUMN IF NOT EXISTS asked_why text NOT NULL DEFAULT '',
            ADD COLUMN IF NOT EXISTS dismissed_by text NOT NULL DEFAULT '',
            ADD COLUMN IF NOT EXISTS dismissed_why text NOT NULL DEFAULT '',
            ADD COLUMN IF NOT EXISTS dismissed_at timestamptz
    """)
    op.execute("""
        CREATE INDEX IF NOT EXISTS quarantine_dismissed ON quarantine (feed, record_key) WHERE state = 'dismissed'
    """)


def downgrade() -> None:
    """The release before knows no such state: what was given up waits again."""
    op.execute("UPDATE quarantine SET state = 'waiting', settled_at = NULL WHERE state = 'dismissed'")
    op.execute("DROP INDEX quarantine_dismissed")
    op.execute("""
        ALTER TABLE quarantine DROP COLUMN asked_by, DROP COLUMN asked_why, DROP COLUMN dismissed_by,
            DROP COLUMN dismissed_why, DROP COLUMN dismissed_at
    """)
