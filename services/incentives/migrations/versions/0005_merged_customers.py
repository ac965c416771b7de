"""Customers that were found to be one, and when. A database made from today's tables has the table already."""

from __future__ import annotations

from alembic import op

from incentives.tables import customer_merge

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    customer_merge.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    customer_merge.drop(op.get_bind(), checkfirst=True)
