"""Follow-ups, calls, messages, archives, and whom they are about."""

from __future__ import annotations

from alembic import op

from activity.tables import metadata
from chassis import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    schema.create_v1(op)
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
    schema.metadata.drop_all(op.get_bind())
