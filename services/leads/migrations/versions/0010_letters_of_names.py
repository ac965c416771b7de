"""Latin letters of a name among the pieces a lead is found by. A new database has them as leads come in.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # As leads/pool/word_rules.py cuts them; nobody is lost from the search until the night.
    op.execute("""
        UPDATE lead_words SET pieces = lead_words.pieces || array_to_tsvector(more.pieces)
        FROM (
            SELECT lead_id, array_agg(DISTINCT 'i:' || substr(run[1], place, size)) AS pieces
            FROM lead_words, regexp_matches(names, '[a-z]+', 'g') AS run, generate_series(1, 2) AS size,
                generate_series(1, length(run[1]) - size + 1) AS place
            WHERE names ~ '[a-z]' GROUP BY lead_id
        ) AS more
        WHERE more.lead_id = lead_words.lead_id
    """)


def downgrade() -> None:
    """Pieces too many find nothing wrong: what they select is compared."""
