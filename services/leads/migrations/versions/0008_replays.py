"""Replays of the past under a draft policy. A new database has all this already.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from alembic import op

from leads.tables import policy_replay

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    policy_replay.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    policy_replay.drop(op.get_bind(), checkfirst=True)
