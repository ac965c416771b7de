"""The chassis tables, and what the tests count. No constraint here could hide a double effect."""

from alembic import op

from chassis import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    schema.create_v1(op)
    op.execute("CREATE TABLE crate (crate_id text PRIMARY KEY, step int NOT NULL, pieces bigint NOT NULL)")
    op.execute("CREATE TABLE effect (seq bigserial, crate_id text, step int, process int)")
    op.execute("CREATE TABLE rung (seq bigserial, subject_id text, process int)")
    op.execute("CREATE TABLE poison (crate_id text, step int)")
