"""Alerts of feeds. A new database has the table already."""

from __future__ import annotations

from alembic import op

from integration.tables import feed_alert

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    feed_alert.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    feed_alert.drop(op.get_bind(), checkfirst=True)
