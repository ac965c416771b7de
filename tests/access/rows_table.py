"""Puts rows into tables without naming what doesn't matter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, MetaData
from sqlalchemy.dialects.postgresql import Insert, insert

from chassis.kernel.ids import new_id

AT = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
MONTH = "2026-03"
_FILL: dict[str, Callable[[], Any]] = {
    "TEXT": str,
    "UUID": new_id,
    "INTEGER": lambda: 1,
    "BIG_INTEGER": lambda: 100,
    "BOOLEAN": lambda: False,
    "DATETIME": lambda: AT,
    "DATE": lambda: date(2026, 3, 9),
    "ARRAY": list,
    "JSONB": list,
    "NUMERIC": lambda: Decimal("0.5"),
    "FLOAT": lambda: 0.5,
    "DOUBLE": lambda: 0.5,
    "LARGE_BINARY": bytes,
}


class Rows:
    """Columns that must not be null and have no default are filled by their kind."""

    def __init__(self, connection: Connection, metadata: MetaData) -> None:
        self._connection = connection
        self._metadata = metadata

    def put(self, table: str, **values: Any) -> None:
        self._connection.execute(self._row(table, values))

    def put_once(self, table: str, **values: Any) -> None:
        """A row that all owners share."""
        self._connection.execute(self._row(table, values).on_conflict_do_nothing())

    def _row(self, table: str, values: dict[str, Any]) -> Insert:
        found = self._metadata.tables[table]
        filled = {each.name: _fill(each) for each in found.columns if _needed(each) and each.name not in values}
        return insert(found).values({**filled, **values})


def _needed(column: Column[Any]) -> bool:
    return not (column.nullable or column.server_default is not None or column.identity or column.computed)


def _fill(column: Column[Any]) -> Any:
    return _FILL[column.type.__visit_name__.upper()]()
