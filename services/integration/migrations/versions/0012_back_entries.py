"""Money entered by hand; and nobody but the service writes sales data, whatever was granted (N6.1)."""

from __future__ import annotations

from alembic import op

from integration.tables import back_entry

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

GUARDED = (
    "bank_account", "bank_chain", "bank_statement", "bank_entry", "bank_line", "bank_draft", "claim", "known_payer",
    "erp_order", "receivable", "pos_sale", "back_entry",
)  # fmt: skip
# A right that was granted, or left behind, opens nothing: the login itself has to be the owner's. A member of the
# owner's role, and a superuser, are somebody else too.
GUARD = """
    CREATE OR REPLACE FUNCTION only_the_service_writes() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        owner name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID);
    BEGIN
        IF session_user <> owner THEN
            RAISE EXCEPTION '% is written by the service alone, not by %', TG_TABLE_NAME, session_user
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.execute("ALTER TABLE bank_entry ADD COLUMN IF NOT EXISTS told_at timestamptz")
    back_entry.create(op.get_bind(), checkfirst=True)
    op.execute(GUARD)
    for table in GUARDED:
        op.execute(f"""
            CREATE OR REPLACE TRIGGER only_the_service_writes BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_the_service_writes()
        """)
        op.execute(f"REVOKE ALL ON {table} FROM PUBLIC")


def downgrade() -> None:
    for table in GUARDED:
        op.execute(f"DROP TRIGGER IF EXISTS only_the_service_writes ON {table}")
    op.execute("DROP FUNCTION only_the_service_writes()")
    back_entry.drop(op.get_bind(), checkfirst=True)
    op.execute("ALTER TABLE bank_entry DROP COLUMN told_at")
