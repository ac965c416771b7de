"""Lead scores and hints: fields as they were, steps, models, scores. A new database has all this already.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

from leads.tables import lead_fields, lead_score, lead_step, score_model

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (lead_fields, lead_step, score_model, lead_score)


def upgrade() -> None:
    for table in TABLES:
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for table in reversed(TABLES):
        table.drop(op.get_bind(), checkfirst=True)
