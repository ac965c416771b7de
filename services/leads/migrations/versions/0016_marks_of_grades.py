"""Marks of customers to be graded anew are added, never contended for. What was marked is marked again.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from alembic import op

from leads.tables import customer_grade_due

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP TABLE customer_grade_due")
    customer_grade_due.create(op.get_bind())
    op.execute("INSERT INTO customer_grade_due (customer_id) SELECT customer_id FROM customer")


def downgrade() -> None:
    """The marks are of use in either shape to nobody but the night, which marks all."""
    op.execute("DROP TABLE customer_grade_due")
    op.execute("CREATE TABLE customer_grade_due (customer_id uuid PRIMARY KEY)")
