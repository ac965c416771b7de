"""Records that no replay can read are told apart, and what fails again goes behind the others.

A new database has the columns already.
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# Rows of a CSV, which are kept as they stood; a record of their feeds that can be read is JSON, a file has lines.
ROWS = """UPDATE quarantine SET alone = false
    WHERE (feed LIKE 'erp\\_%' OR feed = 'pos_sales') AND state = 'waiting' AND raw NOT LIKE '{%'
      AND position(chr(10) IN raw) = 0"""


def upgrade() -> None:
    op.execute("""
        ALTER TABLE quarantine
            ADD COLUMN IF NOT EXISTS alone boolean NOT NULL DEFAULT true,
            ADD COLUMN IF NOT EXISTS tried_at timestamptz
    """)
    op.execute(ROWS)


def downgrade() -> None:
    op.execute("ALTER TABLE quarantine DROP COLUMN tried_at, DROP COLUMN alone")
