"""Contracts of which only deliveries or invoices are known are marked too, for the board to judge them."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MARK = """INSERT INTO board_mark (thread)
    SELECT coalesce(nullif(contract_number, ''), nullif(order_id, ''), 'customer:' || customer_code) FROM erp_delivery
    UNION
    SELECT coalesce(nullif(contract_number, ''), nullif(order_id, ''), 'customer:' || customer_code) FROM erp_invoice"""


def upgrade() -> None:
    op.execute(MARK)


def downgrade() -> None:
    """A mark is taken by the next run of the board."""
