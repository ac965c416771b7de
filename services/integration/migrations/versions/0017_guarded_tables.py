"""What came later is written by the service alone too: documents, sales, and the duties that approvals rest on."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# The function came with 0012.
GUARDED = (
    "erp_delivery", "erp_invoice", "erp_schedule", "erp_stock", "product", "promotion", "pos_customer", "pos_line",
    "pos_month", "outside_figure", "outside_row", "employee", "duty_grant", "api_key",
)  # fmt: skip


def upgrade() -> None:
    for table in GUARDED:
        op.execute(f"""
            CREATE OR REPLACE TRIGGER only_the_service_writes BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_the_service_writes()
        """)
        op.execute(f"REVOKE ALL ON {table} FROM PUBLIC")


def downgrade() -> None:
    for table in GUARDED:
        op.execute(f"DROP TRIGGER IF EXISTS only_the_service_writes ON {table}")
