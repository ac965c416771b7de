"""Who answers from memory is waited for before a status changes (ADR 0014). A new database has the table already."""

from __future__ import annotations

from alembic import op

from integration.tables import directory_revision

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# The lock and the leases are those of integration/directory/lease_store.py. A lease is 0.4 seconds from before it was
# asked for; half a second after the lock was got, the last one given before has ended, even by a clock that goes
# slower. A longer lease first needs a longer wait here, in a release of its own.
FUNCTION = """
CREATE FUNCTION directory_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    xact text := pg_current_xact_id()::text;
BEGIN
    IF current_setting('closeloop.directory_told', true) IS DISTINCT FROM xact THEN
        PERFORM pg_advisory_xact_lock(7040101);
        INSERT INTO directory_revision (id, revision) VALUES (1, gen_random_uuid())
            ON CONFLICT (id) DO UPDATE SET revision = excluded.revision;
        PERFORM set_config('closeloop.directory_told', xact, true);
    END IF;
    IF TG_ARGV[0] = 'wait' AND current_setting('closeloop.directory_waited', true) IS DISTINCT FROM xact THEN
        PERFORM pg_sleep(0.5);
        PERFORM set_config('closeloop.directory_waited', xact, true);
    END IF;
    RETURN NULL;
END $$
"""
# Name → table, when, what is done. A newcomer and a younger age contradict nothing that was said before.
TRIGGERS = {
    "directory_gains": ("employee", "INSERT", "true", "tell"),
    "directory_changes": (
        "employee",
        "UPDATE",
        "(OLD.employee_id, OLD.status, OLD.as_of_held) IS DISTINCT FROM (NEW.employee_id, NEW.status, NEW.as_of_held)",
        "wait",
    ),
    "directory_loses": ("employee", "DELETE", "true", "wait"),
    "directory_ages": ("directory_state", "UPDATE", "NEW.as_of < OLD.as_of", "wait"),
    "directory_forgets": ("directory_state", "DELETE", "true", "wait"),
}


def upgrade() -> None:
    directory_revision.create(op.get_bind(), checkfirst=True)
    op.execute("REVOKE ALL ON directory_revision FROM PUBLIC")
    op.execute(FUNCTION)
    for name, (table, event, condition, what) in TRIGGERS.items():
        op.execute(f"""
            CREATE CONSTRAINT TRIGGER {name} AFTER {event} ON {table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION directory_changes('{what}')
        """)


def downgrade() -> None:
    for name, (table, *_) in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute("DROP FUNCTION directory_changes()")
    directory_revision.drop(op.get_bind(), checkfirst=True)
