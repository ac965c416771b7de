"""Rules, orders and their deals, slips, ledger, roster."""

from __future__ import annotations

from alembic import op

from chassis import schema
from incentives.tables import metadata

revision = "0001"
down_revision = None

# The ledger is append-only for every role, the owner's included (I2.4).
APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    schema.create_v1(op)
    metadata.create_all(op.get_bind())
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    op.execute("DROP TRIGGER ledger_append_only ON ledger_entry; DROP FUNCTION refuse_change()")
    metadata.drop_all(op.get_bind())
    schema.metadata.drop_all(op.get_bind())
