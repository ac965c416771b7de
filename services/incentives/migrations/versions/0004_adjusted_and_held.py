"""What an appeal brought is held with its slip. A database made from today's tables has the column already."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE ledger_entry ADD COLUMN IF NOT EXISTS of_appeal boolean NOT NULL DEFAULT false")
    op.execute("CREATE INDEX IF NOT EXISTS ledger_slip_of_appeal ON ledger_entry (slip_id) WHERE of_appeal")


def downgrade() -> None:
    op.execute("DROP INDEX ledger_slip_of_appeal")
    op.execute("ALTER TABLE ledger_entry DROP COLUMN of_appeal")
