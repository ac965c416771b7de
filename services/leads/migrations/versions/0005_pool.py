"""The pool: claims, search, saved filters, bulk assignments. A new database has all this already.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

from leads.tables import bulk_assigned, bulk_assignment, lead_words, pool_claim, pool_filter

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = (pool_claim, pool_filter, lead_words, bulk_assignment, bulk_assigned)
INDEXES = {
    "lead_pool": "lead (rank, waiting_since, lead_id) WHERE state = 'recycled'",
    "assignment_claimed": "assignment (employee_id) WHERE ended_at IS NULL AND how = 'claimed'",
}


def upgrade() -> None:
    for name, what in INDEXES.items():
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {what}")
    for made in TABLES:
        made.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for made in reversed(TABLES):
        made.drop(op.get_bind(), checkfirst=True)
    for name in INDEXES:
        op.execute(f"DROP INDEX IF EXISTS {name}")
