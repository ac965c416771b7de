"""Customers' dynamics, and the leads of tenders and sign-ups. A new database has all this already.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

from leads.tables import customer_dynamic, sign_up_lead, tender_lead

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (customer_dynamic, tender_lead, sign_up_lead)


def upgrade() -> None:
    for table in TABLES:
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for table in reversed(TABLES):
        table.drop(op.get_bind(), checkfirst=True)
