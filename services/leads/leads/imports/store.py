"""SQL of imports: the checkpoint, and the rows that were refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from chassis.database import Database
from chassis.errors import NotFound
from chassis.unit_of_work import Transaction
from leads import tables

t = tables.lead_import.c
# First number of the two-number advisory lock: one process works on an import.
_IMPORTS = 47


class ImportNotFound(NotFound):
    en = "There is no import {import_id}."
    zh = "导入任务 {import_id} 不存在。"


def load(tx: Transaction, import_id: str, *, lock: bool = False) -> Row[Any]:
    """Raises ImportNotFound, also for one that is not the caller's to see."""
    query = select(tables.lead_import).where(t.import_id == import_id, tx.identity.visible(t.started_by, t.unit))
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise ImportNotFound(import_id=import_id)
    return row


def add(tx: Transaction, values: dict[str, Any]) -> None:
    tx.execute(insert(tables.lead_import).values(values))


def change(tx: Transaction, import_id: str, **values: Any) -> Row[Any]:
    changed = update(tables.lead_import).where(t.import_id == import_id).values(values)
    return tx.execute(changed.returning(tables.lead_import)).one()


def running(tx: Transaction) -> list[str]:
    """Ids, the oldest first."""
    query = select(t.import_id).where(t.state == "running").order_by(t.started_at)
    return list(tx.execute(query).scalars())


def add_errors(tx: Transaction, errors: Sequence[dict[str, Any]]) -> None:
    if errors:
        tx.execute(insert(tables.lead_import_error), errors)


@contextmanager
def turn(database: Database, import_id: str) -> Iterator[bool]:
    """True while this process has the import to itself; the death of the process frees it."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.detach()
        yield bool(conn.scalar(select(func.pg_try_advisory_lock(_IMPORTS, func.hashtext(import_id)))))
