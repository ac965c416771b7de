"""Schedules, deliveries, invoices, stock and service calls of the ERP. A new database has them already."""

from __future__ import annotations

from alembic import op

from integration.tables import erp_delivery, erp_invoice, erp_schedule, erp_stock, service_call

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = (erp_schedule, erp_delivery, erp_invoice, erp_stock, service_call)


def upgrade() -> None:
    for table in TABLES:
        table.create(op.get_bind(), checkfirst=True)
    for known in ("product", "receivable"):
        op.execute(f"ALTER TABLE {known} ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1")


def downgrade() -> None:
    for known in ("product", "receivable"):
        op.execute(f"ALTER TABLE {known} DROP COLUMN IF EXISTS version")
    for table in TABLES:
        table.drop(op.get_bind(), checkfirst=True)
