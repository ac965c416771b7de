"""Names nearly the same, merges. A new database has all this already.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

from leads.tables import lead_form, lead_merge, lead_name, lead_suggestion

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (lead_name, lead_form, lead_suggestion, lead_merge)
COLUMNS = ("merged_into", "parent_lead_id")


def upgrade() -> None:
    for name in COLUMNS:
        op.execute(f"ALTER TABLE lead ADD COLUMN IF NOT EXISTS {name} uuid")
    op.execute("CREATE INDEX IF NOT EXISTS lead_merged ON lead (merged_into) WHERE merged_into IS NOT NULL")
    for made in TABLES:
        made.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for made in reversed(TABLES):
        made.drop(op.get_bind(), checkfirst=True)
    op.execute("DROP INDEX IF EXISTS lead_merged")
    for name in COLUMNS:
        op.execute(f"ALTER TABLE lead DROP COLUMN IF EXISTS {name}")
