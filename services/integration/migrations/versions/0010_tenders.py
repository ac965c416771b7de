"""Tenders and their notices. A new database has the tables already."""

from __future__ import annotations

from alembic import op

from integration.tables import tender, tender_notice

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in (tender, tender_notice):
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for table in (tender_notice, tender):
        table.drop(op.get_bind(), checkfirst=True)
