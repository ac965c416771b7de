"""Opportunities, gates, evidence, submissions and what they rest on."""

from __future__ import annotations

from alembic import op

from chassis import schema
from forecast.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    schema.create_v1(op)
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
    schema.metadata.drop_all(op.get_bind())
