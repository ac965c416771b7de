"""All tables as of the first release. Frozen with it: later changes are migrations of their own."""

from __future__ import annotations

from alembic import op

from chassis import schema
from integration.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema.create_v1(op)
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
    schema.metadata.drop_all(op.get_bind())
