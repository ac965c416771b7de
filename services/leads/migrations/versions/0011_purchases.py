"""What customers bought. A new database has it already.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

from leads.tables import purchase

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    purchase.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    purchase.drop(op.get_bind(), checkfirst=True)
