"""What was last told of a lead's score. A new database has it already.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE lead_score ADD COLUMN IF NOT EXISTS told double precision")
    # So far what is kept was taken as told: without it every open lead would be told again.
    op.execute("UPDATE lead_score SET told = coalesce(own_probability, probability) WHERE told IS NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE lead_score DROP COLUMN told")
