"""The three-way board. Everything there is is marked, so that the first run of its job judges it.

A new database has the tables already.
"""

from __future__ import annotations

from alembic import op

from integration.tables import board_mark, board_row

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MARK = """INSERT INTO board_mark (thread)
    SELECT coalesce(nullif(contract_number, ''), order_id) FROM erp_order
    UNION SELECT contract_number FROM receivable"""


def upgrade() -> None:
    for table in (board_mark, board_row):
        table.create(op.get_bind(), checkfirst=True)
    op.execute(MARK)


def downgrade() -> None:
    for table in (board_row, board_mark):
        table.drop(op.get_bind(), checkfirst=True)
