"""What the pool is searched by is kept by the database in a table of its own, in the pool's order (LD7.1).

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from leads.tables import pool_words

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

COLUMNS = ", ".join(each.name for each in pool_words.columns)
# Pieces as leads/pool/word_rules.py cuts them: what was written before has none of three initials or four letters of
# the pinyin; and what is filtered by. The longest names would not fit into the index of the line.
VIEW = f"""
CREATE FUNCTION pool_cut(kind text, letters text, size integer) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT kind || substr(run[1], place, size) FROM regexp_matches(letters, '[a-z]+', 'g') AS run,
    generate_series(1, length(run[1]) - size + 1) AS place)
$$;
CREATE VIEW pool_words_now AS SELECT {COLUMNS} FROM (
  SELECT lead_id, rank, waiting_since, grade, channel, province, city, industry,
    CASE WHEN short THEN w.names END AS names, CASE WHEN short THEN sound END AS sound,
    CASE WHEN short THEN initials END AS initials, CASE WHEN short THEN w.phone END AS phone,
    w.pieces || array_to_tsvector(
      pool_cut('i:', initials || ' ' || w.names, 3) || pool_cut('p:', sound, 4) || ARRAY[
        'channel=' || channel, 'province=' || province, 'city=' || city, 'industry=' || industry]) AS pieces
  FROM lead JOIN lead_words AS w USING (lead_id),
    LATERAL (SELECT octet_length(w.names || sound || initials || w.phone) <= 1800 AS short) AS size
  WHERE state = 'recycled' AND waiting_since IS NOT NULL
) AS pooled
"""  # noqa: S608 - fixed names
# A lead that enters the pool and its first words may meet: they take turns, so that one of them sees the other.
TRIGGERS = f"""
CREATE FUNCTION pool_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(NEW.lead_id::text, 71));
  DELETE FROM pool_words WHERE lead_id = NEW.lead_id;
  INSERT INTO pool_words ({COLUMNS}) SELECT {COLUMNS} FROM pool_words_now WHERE lead_id = NEW.lead_id;
  RETURN NULL;
END $$;
CREATE FUNCTION pool_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM pool_words WHERE lead_id = OLD.lead_id;
  RETURN NULL;
END $$;
CREATE TRIGGER pool_words_written AFTER INSERT ON lead_words FOR EACH ROW EXECUTE FUNCTION pool_follows();
CREATE TRIGGER pool_lead_made AFTER INSERT ON lead FOR EACH ROW WHEN (NEW.state = 'recycled')
  EXECUTE FUNCTION pool_follows();
CREATE TRIGGER pool_lead_left AFTER UPDATE ON lead FOR EACH ROW
  WHEN (OLD.state = 'recycled' AND NEW.state <> 'recycled') EXECUTE FUNCTION pool_forgets();
CREATE TRIGGER pool_lead_changed AFTER UPDATE ON lead FOR EACH ROW WHEN (NEW.state = 'recycled' AND
  (OLD.state, OLD.rank, OLD.waiting_since, OLD.grade, OLD.channel, OLD.province, OLD.city, OLD.industry)
  IS DISTINCT FROM
  (NEW.state, NEW.rank, NEW.waiting_since, NEW.grade, NEW.channel, NEW.province, NEW.city, NEW.industry))
  EXECUTE FUNCTION pool_follows()
"""  # noqa: S608 - fixed names
# By the age of the transaction that wrote it.
CHANGED = """
CREATE TEMPORARY TABLE changed ON COMMIT DROP AS
  SELECT lead_id FROM lead WHERE age(xmin) <= age(CAST('{since}' AS xid))
  UNION SELECT lead_id FROM lead_words WHERE age(xmin) <= age(CAST('{since}' AS xid))
"""
# A few of a million leads that come and go would leave the index to look into the table again for all their neighbours.
SETTINGS = """
ALTER TABLE pool_words ALTER COLUMN pieces SET STATISTICS 400;
ALTER TABLE lead_words ALTER COLUMN pieces SET STATISTICS 0;
ALTER TABLE pool_words SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)
"""


def upgrade() -> None:
    """Filled while everybody works on, 1 to 3 minutes for a million leads of the pool. Who writes leads, and searches
    of the version before, wait for the last step alone, which brings in what changed meanwhile: 1 to 3 seconds."""
    bind = op.get_bind()
    since = bind.execute(text("SELECT pg_snapshot_xmin(pg_current_snapshot())")).scalar_one()
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    op.execute(VIEW)
    pool_words.create(bind, checkfirst=True)
    for index in pool_words.indexes:
        index.drop(bind)
    op.execute(SETTINGS)
    fill = f"INSERT INTO pool_words ({COLUMNS}) SELECT {COLUMNS} FROM pool_words_now"  # noqa: S608 - fixed names
    op.execute(f"{fill} ORDER BY waiting_since")
    for index in pool_words.indexes:
        index.create(bind)
    op.execute("ANALYZE pool_words")
    op.execute("LOCK TABLE lead_words IN ACCESS EXCLUSIVE MODE")
    op.execute("LOCK TABLE lead IN SHARE ROW EXCLUSIVE MODE")
    # Written for every lead that came in, searched by nobody any more.
    op.execute("DROP INDEX IF EXISTS lead_words_pieces")
    op.execute(TRIGGERS)
    op.execute(CHANGED.format(since=since))
    op.execute("DELETE FROM pool_words USING changed WHERE changed.lead_id = pool_words.lead_id")
    op.execute(f"{fill} JOIN changed USING (lead_id)")


def downgrade() -> None:
    op.execute("DROP TRIGGER pool_words_written ON lead_words")
    for name in ("pool_lead_made", "pool_lead_left", "pool_lead_changed"):
        op.execute(f"DROP TRIGGER {name} ON lead")
    op.execute("DROP FUNCTION pool_follows, pool_forgets")
    op.execute("DROP VIEW pool_words_now")
    op.execute("DROP FUNCTION pool_cut")
    op.execute("ALTER TABLE lead_words ALTER COLUMN pieces SET STATISTICS 400")
    op.execute("CREATE INDEX lead_words_pieces ON lead_words USING gin (pieces)")
    pool_words.drop(op.get_bind(), checkfirst=True)
