"""Two records of one customer become one. A new database has all this already.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

from alembic import op

from leads.tables import customer_known_as, customer_merge, customer_suggestion

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = (customer_known_as, customer_suggestion, customer_merge)
INDEXES = {
    "customer_codes": "customer (customer_code)",
    "customer_usccs": "customer (uscc) WHERE uscc <> ''",
    "customer_merged": "customer (merged_into) WHERE merged_into IS NOT NULL",
    "purchase_named": "purchase (named_id) WHERE named_id IS NOT NULL",
}


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD COLUMN IF NOT EXISTS merged_into uuid")
    op.execute("ALTER TABLE purchase ADD COLUMN IF NOT EXISTS named_id uuid")
    for name, what in INDEXES.items():
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {what}")
    # Who was merged keeps number and code beneath: only customers that go on bear them once.
    op.execute(
        "CREATE UNIQUE INDEX IF NOT EXISTS customer_code_once ON customer (customer_code) WHERE merged_into IS NULL"
    )
    op.execute("ALTER TABLE customer DROP CONSTRAINT IF EXISTS customer_customer_code_key")
    op.execute("DROP INDEX customer_uscc")
    op.execute("CREATE UNIQUE INDEX customer_uscc ON customer (uscc) WHERE uscc <> '' AND merged_into IS NULL")
    for made in TABLES:
        made.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Refused by the indexes while a merge holds whose two customers bear one number: undo it first."""
    for made in reversed(TABLES):
        made.drop(op.get_bind(), checkfirst=True)
    op.execute("DROP INDEX IF EXISTS customer_uscc")
    op.execute("CREATE UNIQUE INDEX customer_uscc ON customer (uscc) WHERE uscc <> ''")
    op.execute("DROP INDEX IF EXISTS customer_code_once")
    op.execute("ALTER TABLE customer ADD CONSTRAINT customer_customer_code_key UNIQUE (customer_code)")
    for name in INDEXES:
        op.execute(f"DROP INDEX IF EXISTS {name}")
    op.execute("ALTER TABLE purchase DROP COLUMN IF EXISTS named_id")
    op.execute("ALTER TABLE customer DROP COLUMN IF EXISTS merged_into")
