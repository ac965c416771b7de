"""Keys of partners' programs. A database of the first release gets the table here, a new one has it already."""

from __future__ import annotations

from alembic import op

from integration.tables import api_key

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    api_key.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    api_key.drop(op.get_bind(), checkfirst=True)
