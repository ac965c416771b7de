"""Figures from outside, to be bridged to our own."""

from __future__ import annotations

from alembic import op

from integration.tables import outside_figure, outside_row

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in (outside_figure, outside_row):
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for table in (outside_row, outside_figure):
        table.drop(op.get_bind(), checkfirst=True)
