"""SQL of imports: the checkpoint, the rows that were refused, and those that met a known lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, delete, func, insert, select, text, update

from chassis import rows
from chassis.database import Database
from chassis.errors import NotFound
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables

t = tables.lead_import.c
_errors, _rows, _seen = tables.lead_import_error.c, tables.lead_import_row.c, tables.lead_import_seen.c
_refused = tables.lead_import_refused.c
_ADD_ERRORS, _ADD_ROWS, _ADD_SEEN, _ADD_REFUSED = (
    text(rows.insertion(table, [each.name for each in table.columns]))
    for table in (
        *(tables.lead_import_error, tables.lead_import_row, tables.lead_import_seen, tables.lead_import_refused),
    )
)
_FIND_SEEN = select(_seen.row, _seen.known).where(
    _seen.import_id == bindparam("of_import"), _seen.key == any_(bindparam("keys", type_=ARRAY(Text)))
)
# First number of the two-number advisory lock: one thread works on a line of imports.
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


def under_way(tx: Transaction) -> Sequence[Row[Any]]:
    """Ids and kinds of those that run or are taken back, the oldest first."""
    query = select(t.import_id, t.kind).where(t.state.in_(("running", "reverting"))).order_by(t.started_at)
    return tx.execute(query).all()


def add_errors(tx: Transaction, errors: Sequence[dict[str, Any]]) -> None:
    if errors:
        tx.execute(_ADD_ERRORS, {"rows": rows.document(errors)})


def add_refused(tx: Transaction, import_id: str, refused: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Rows that were refused, as they came."""
    if refused:
        found = [{"import_id": import_id, "row": number, "cells": list(cells)} for number, cells in refused]
        tx.execute(_ADD_REFUSED, {"rows": rows.document(found)})


def add_rows(tx: Transaction, met: Sequence[dict[str, Any]]) -> None:
    if met:
        tx.execute(_ADD_ROWS, {"rows": rows.document(met)})


def add_seen(tx: Transaction, seen: Sequence[dict[str, Any]]) -> None:
    if seen:
        tx.execute(_ADD_SEEN, {"rows": rows.document(seen)})


def seen(tx: Transaction, import_id: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the same file that have one of the keys, each once."""
    asked = {"of_import": import_id, "keys": list(keys)}
    found = {row.row: dict(row.known) for row in tx.execute(_FIND_SEEN, asked)}
    return [found[each] for each in sorted(found)]


def forget_seen(tx: Transaction, import_id: str) -> None:
    tx.execute(delete(tables.lead_import_seen).where(_seen.import_id == import_id))


def list_rows(tx: Transaction, import_id: str, outcome: str, page: Page) -> tuple[Sequence[Row[Any]], str]:
    """In the order of the file; `outcome` empty: all. Raises ImportNotFound."""
    load(tx, import_id)
    query = select(tables.lead_import_row).where(_rows.import_id == import_id)
    if outcome:
        query = query.where(_rows.outcome == outcome)
    if page.after:
        query = query.where(_rows.row > page.after["row"])
    found = tx.execute(query.order_by(_rows.row).limit(page.limit)).all()
    return page.cut(found, lambda row: {"row": row.row})


def errors_by_row(tx: Transaction, import_id: str) -> Iterator[tuple[int, list[Row[Any]]]]:
    """Refused rows in the order of the file, read as they are asked for; `cells`: as one came, where it was kept."""
    query = (
        select(tables.lead_import_error, _refused.cells)
        .outerjoin(
            tables.lead_import_refused, (_refused.import_id == _errors.import_id) & (_refused.row == _errors.row)
        )
        .where(_errors.import_id == import_id)
        .order_by(_errors.row, _errors.field)
    )
    streamed = tx.execute(query.execution_options(yield_per=1000))
    for number, found in groupby(streamed, key=lambda row: row.row):
        yield number, list(found)


@contextmanager
def turn(database: Database, line: str) -> Iterator[bool]:
    """True while this thread has the line of imports to itself; the death of the process frees it.

    Given back by word: the server would notice the end of a session some time after whoever ended it has gone on.
    """
    number = _IMPORTS, func.hashtext(line)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.detach()
        mine = bool(conn.scalar(select(func.pg_try_advisory_lock(*number))))
        yield mine
        if mine:
            conn.execute(select(func.pg_advisory_unlock(*number)))
