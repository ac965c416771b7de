"""The first schema of leads.

Revision ID: 0001
Revises:
"""

from alembic import op

from chassis import schema
from leads.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The revision of a rep's row is what an assignment decision was made from; kept by the database, so that no writer
# can change an input of a decision without leaving its trace.
NEXT_REVISION = """
CREATE FUNCTION rep_next_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.revision := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE OLD.revision + 1 END;
  NEW.xid := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE FUNCTION rep_keep_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO rep_revision (employee_id, revision, "row", xid)
  VALUES (NEW.employee_id, NEW.revision, to_jsonb(NEW), NEW.xid);
  RETURN NULL;
END $$;
CREATE TRIGGER rep_next_revision BEFORE INSERT OR UPDATE ON rep FOR EACH ROW EXECUTE FUNCTION rep_next_revision();
CREATE TRIGGER rep_keep_revision AFTER INSERT OR UPDATE ON rep FOR EACH ROW EXECUTE FUNCTION rep_keep_revision();
"""


def upgrade() -> None:
    schema.create_v1(op)
    metadata.create_all(op.get_bind())
    op.execute(NEXT_REVISION)


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
    op.execute("DROP FUNCTION rep_next_revision, rep_keep_revision")
    schema.metadata.drop_all(op.get_bind())
