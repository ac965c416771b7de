"""Appeals. A database made from today's tables has them already."""

from __future__ import annotations

from alembic import op

from incentives.tables import appeal, appeal_step, metadata

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE slip ADD COLUMN IF NOT EXISTS adjusted_fen bigint NOT NULL DEFAULT 0")
    metadata.create_all(op.get_bind(), tables=[appeal, appeal_step])


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=[appeal, appeal_step])
    op.execute("ALTER TABLE slip DROP COLUMN adjusted_fen")
