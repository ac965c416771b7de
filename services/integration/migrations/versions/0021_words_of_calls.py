"""The words of a call are compared apart from the rest. A new database has the column already.

Of calls with words the hash was of both: it stands for the words, and what is told of such a call next is passed on
once more, which changes nothing at the receiver unless it is otherwise.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE phone_call ADD COLUMN IF NOT EXISTS transcript_hash bytea")
    op.execute("UPDATE phone_call SET transcript_hash = content_hash WHERE transcribed")


def downgrade() -> None:
    op.execute("ALTER TABLE phone_call DROP COLUMN transcript_hash")
