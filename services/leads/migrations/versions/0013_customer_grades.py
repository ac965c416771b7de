"""Grades of customers, and what was received for their orders. A new database has it already.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from alembic import op

from leads.tables import customer_grade, customer_grade_change, customer_grade_due, receipt_claim

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = (customer_grade, customer_grade_change, customer_grade_due, receipt_claim)


def upgrade() -> None:
    for table in TABLES:
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for table in reversed(TABLES):
        table.drop(op.get_bind(), checkfirst=True)
