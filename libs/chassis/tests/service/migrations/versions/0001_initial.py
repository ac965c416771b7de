"""The chassis tables, and what happened to each note."""

from alembic import op

from chassis import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    schema.create_v1(op)
    op.execute("CREATE TABLE diary (id bigserial PRIMARY KEY, what text, note text)")
