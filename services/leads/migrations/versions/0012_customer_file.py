"""The customer file: contacts, credentials, interactions, the service track. A new database has all this already.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from alembic import op

from leads.tables import customer_contact, customer_credential, customer_field, interaction, service_record

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = (customer_field, customer_contact, customer_credential, interaction, service_record)
COLUMNS = {
    "size": "text NOT NULL DEFAULT ''",
    "address": "text NOT NULL DEFAULT ''",
    "needs": "text NOT NULL DEFAULT ''",
    "completeness": "smallint NOT NULL DEFAULT 0",
    "missing": "text[] NOT NULL DEFAULT '{}'",
    "counted_by": "integer NOT NULL DEFAULT -1",
    "withdrawn_at": "timestamptz",
    "import_id": "uuid",
}
INDEXES = {
    "customer_parent": "(parent_customer_id) WHERE parent_customer_id IS NOT NULL",
    "customer_completeness": "(completeness, customer_id)",
    "customer_counted": "(counted_by)",
    "customer_import": "(import_id) WHERE import_id IS NOT NULL",
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE customer ADD COLUMN IF NOT EXISTS {name} {kind}")
    for name, what in INDEXES.items():
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON customer {what}")
    for table in TABLES:
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for table in reversed(TABLES):
        table.drop(op.get_bind(), checkfirst=True)
    op.execute("DROP INDEX customer_parent")
    for name in COLUMNS:
        op.execute(f"ALTER TABLE customer DROP COLUMN {name}")
