"""Calls of the telephone system and approvals that were told on. A new database has the tables already."""

from __future__ import annotations

from alembic import op

from integration.tables import approval, phone_call

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in (phone_call, approval):
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for table in (approval, phone_call):
        table.drop(op.get_bind(), checkfirst=True)
