"""Fees and drafts of claims; names compared without script and form of the company. A new database has it already."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection, bindparam, select, text, update

from integration.receivables.name_rules import payer_key
from integration.tables import bank_draft, known_payer, receivable

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT_ONCE = 10_000


def upgrade() -> None:
    op.execute("ALTER TABLE claim ADD COLUMN IF NOT EXISTS fee_fen bigint NOT NULL DEFAULT 0")
    bank_draft.create(op.get_bind(), checkfirst=True)
    _key_receivables(op.get_bind())
    _key_payers(op.get_bind())


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS bank_draft")
    op.execute("ALTER TABLE claim DROP COLUMN IF EXISTS fee_fen")


def _key_receivables(conn: Connection) -> None:
    names = conn.execute(select(receivable.c.customer_name).distinct()).scalars().all()
    keyed = update(receivable).where(receivable.c.customer_name == bindparam("named"))
    rows = [{"named": name, "key": payer_key(name)} for name in names]
    for start in range(0, len(rows), AT_ONCE):
        conn.execute(keyed.values(customer_key=bindparam("key")), rows[start : start + AT_ONCE])


def _key_payers(conn: Connection) -> None:
    """Two spellings of one payer may become one: the older knowledge stays."""
    for row in conn.execute(select(known_payer)).all():
        key = payer_key(row.payer_name)
        if key != row.payer_key:
            moved = {"code": row.customer_code, "old": row.payer_key, "new": key}
            conn.execute(text(_MOVE), moved)
            conn.execute(text(_DROP), moved)


_MOVE = """UPDATE known_payer SET payer_key = :new WHERE customer_code = :code AND payer_key = :old
    AND NOT EXISTS (SELECT FROM known_payer WHERE customer_code = :code AND payer_key = :new)"""
_DROP = "DELETE FROM known_payer WHERE customer_code = :code AND payer_key = :old"
