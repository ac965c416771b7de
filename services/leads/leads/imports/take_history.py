"""Take a chunk of history in, or try it: by the same code, undone behind it (LD1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.imports import store
from leads.imports.history import HistoryKind, Taken
from leads.imports.try_rows import Judged


class _Undo(Exception):
    """Ends a trial."""


def take_history(tx: Transaction, kind: HistoryKind, lines: Sequence[tuple[int, Any]], row: Row[Any]) -> Taken:
    return _tried(tx, kind, lines, row) if row.dry_run else kind.take(tx, lines, row)


def _tried(tx: Transaction, kind: HistoryKind, lines: Sequence[tuple[int, Any]], row: Row[Any]) -> Taken:
    """A row that tells of the same as one of an earlier chunk would meet what that one has made."""
    keys = {number: f"{kind.form.kind}:{kind.key(line)}" for number, line in lines}
    earlier = {each["key"]: each["row"] for each in store.seen(tx, row.import_id, sorted(set(keys.values())))}
    again = [Judged(number, "appended", "", f"row {earlier[key]}") for number, key in keys.items() if key in earlier]
    known = {each.number for each in again}
    taken = _undone(tx, kind, [each for each in lines if each[0] not in known], row)
    made = {each.number for each in taken.judged if each.outcome == "created"}
    first = {key: number for number, key in reversed(keys.items()) if number in made}
    store.add_seen(
        tx,
        [
            {"import_id": row.import_id, "key": key, "row": number, "known": {"key": key, "row": number}}
            for key, number in first.items()
        ],
    )
    return replace(taken, judged=sorted([*taken.judged, *again], key=lambda each: each.number))


def _undone(tx: Transaction, kind: HistoryKind, lines: Sequence[tuple[int, Any]], row: Row[Any]) -> Taken:
    taken = Taken(())
    try:
        with tx.savepoint():
            taken = kind.take(tx, lines, row)
            raise _Undo
    except _Undo:
        return taken
