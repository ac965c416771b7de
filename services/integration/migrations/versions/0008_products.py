"""The product catalogue. A new database has the table already."""

from __future__ import annotations

from alembic import op

from integration.tables import product

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    product.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    product.drop(op.get_bind(), checkfirst=True)
