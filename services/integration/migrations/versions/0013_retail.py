"""Receipt lines, sign-ups and promotions; sales of a day by their lines. A new database has them already."""

from __future__ import annotations

from alembic import op

from integration.tables import pos_customer, pos_line, pos_month, promotion

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = (pos_line, pos_month, pos_customer, promotion)


def upgrade() -> None:
    for table in TABLES:
        table.create(op.get_bind(), checkfirst=True)
    for name in ("line_units", "line_fen"):
        op.execute(f"ALTER TABLE pos_sale ADD COLUMN IF NOT EXISTS {name} bigint")


def downgrade() -> None:
    for name in ("line_units", "line_fen"):
        op.execute(f"ALTER TABLE pos_sale DROP COLUMN IF EXISTS {name}")
    for table in TABLES:
        table.drop(op.get_bind(), checkfirst=True)
