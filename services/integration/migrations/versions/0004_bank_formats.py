"""The same account told of in several formats. A new database has all of it already.

A bank run of the release before fails between this step and its end, and is repeated by the new release.
"""

from __future__ import annotations

from alembic import op

from integration.tables import bank_chain, bank_line

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE bank_statement
    ADD COLUMN IF NOT EXISTS format text NOT NULL DEFAULT 'camt.053',
    ADD COLUMN IF NOT EXISTS first_sequence bigint,
    ADD COLUMN IF NOT EXISTS source_number bigint,
    ADD COLUMN IF NOT EXISTS chained boolean NOT NULL DEFAULT true,
    ALTER COLUMN sequence TYPE bigint;
UPDATE bank_statement SET first_sequence = sequence, source_number = sequence
    WHERE first_sequence IS NULL AND format = 'camt.053';
CREATE UNIQUE INDEX IF NOT EXISTS bank_statement_place ON bank_statement (account, format, sequence);
DROP INDEX IF EXISTS bank_statement_sequence;
ALTER TABLE bank_entry ADD COLUMN IF NOT EXISTS format text NOT NULL DEFAULT 'camt.053';
CREATE UNIQUE INDEX IF NOT EXISTS bank_entry_origin ON bank_entry (account, format, booked_on, serial);
CREATE INDEX IF NOT EXISTS bank_entry_twin ON bank_entry (account, booked_on, amount_fen);
DROP INDEX IF EXISTS bank_entry_key;
INSERT INTO bank_line (statement_id, booked_on, serial, account, format, entry_id, run_id, signed_fen, content_hash)
    SELECT e.statement_id, e.booked_on, e.serial, e.account, e.format, e.id, s.run_id,
           CASE WHEN e.credit THEN e.amount_fen ELSE -e.amount_fen END, e.content_hash
    FROM bank_entry e JOIN bank_statement s ON s.id = e.statement_id ON CONFLICT DO NOTHING;
INSERT INTO bank_chain (account, format, proved_sequence)
    SELECT account, 'camt.053', proved_sequence FROM bank_account WHERE proved_sequence > 0 ON CONFLICT DO NOTHING;
ALTER TABLE feed_run ADD COLUMN IF NOT EXISTS file_id text;
CREATE INDEX IF NOT EXISTS feed_run_queued ON feed_run (id) WHERE file_id IS NOT NULL AND outcome = 'running';
"""

DOWN = """
ALTER TABLE feed_run DROP COLUMN IF EXISTS file_id;
DROP TABLE IF EXISTS bank_line, bank_chain;
DROP INDEX IF EXISTS bank_entry_twin, bank_entry_origin, bank_statement_place;
DELETE FROM bank_statement WHERE format <> 'camt.053';
CREATE UNIQUE INDEX bank_statement_sequence ON bank_statement (account, sequence);
CREATE UNIQUE INDEX bank_entry_key ON bank_entry (bank, account, booked_on, serial);
ALTER TABLE bank_entry DROP COLUMN IF EXISTS format;
ALTER TABLE bank_statement DROP COLUMN IF EXISTS format, DROP COLUMN IF EXISTS first_sequence,
    DROP COLUMN IF EXISTS source_number, DROP COLUMN IF EXISTS chained, ALTER COLUMN sequence TYPE integer;
"""


def upgrade() -> None:
    bank_chain.create(op.get_bind(), checkfirst=True)
    bank_line.create(op.get_bind(), checkfirst=True)
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
