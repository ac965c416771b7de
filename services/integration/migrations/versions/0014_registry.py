"""Companies that the register is asked about. A new database has the table already."""

from __future__ import annotations

from alembic import op

from integration.tables import watched_company

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    watched_company.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    watched_company.drop(op.get_bind(), checkfirst=True)
