"""Messages that are no plain text: files, mails, and those that take another back. A new database has it already."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE message
            ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'text',
            ADD COLUMN IF NOT EXISTS recalls text NOT NULL DEFAULT '',
            ADD COLUMN IF NOT EXISTS customer_id text NOT NULL DEFAULT '',
            ADD COLUMN IF NOT EXISTS attachments jsonb NOT NULL DEFAULT '[]'::jsonb
    """)
    op.execute("CREATE INDEX IF NOT EXISTS message_recalls ON message (recalls) WHERE recalls <> ''")


def downgrade() -> None:
    op.execute("""
        ALTER TABLE message DROP COLUMN kind, DROP COLUMN recalls, DROP COLUMN customer_id, DROP COLUMN attachments
    """)
