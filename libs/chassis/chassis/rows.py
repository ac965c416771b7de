"""Many rows in one statement: they go to the server as one JSON text.

A statement of one shape for any number of rows, so that it is compiled and planned once, and one parameter instead of
one for each value: half the price of the usual way for one row, a third for many.

Guarantee: rows are inserted in the given order, values arrive as the column's type, exactly. Infinite numbers have no
place in JSON and are not for this.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import LargeBinary, Table
from sqlalchemy.dialects import postgresql

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insertion(table: Table, columns: Sequence[str], parameter: str = "rows") -> str:
    """SQL that inserts the rows of `:parameter`, to be used as text() alone or inside a larger statement."""
    names = ", ".join(f'"{each}"' for each in columns)
    return f"INSERT INTO {table.name} ({names}) {selection(table, columns, parameter)}"


def selection(table: Table, columns: Sequence[str], parameter: str = "rows") -> str:
    """SQL that reads the rows of `:parameter` in their order, typed like the table's columns."""
    names = ", ".join(_read(table, each) for each in columns)
    types = ", ".join(f'"{each}" {_type(table, each)}' for each in columns)
    return (
        f"SELECT {names} FROM ROWS FROM (jsonb_to_recordset(CAST(:{parameter} AS jsonb)) AS ({types})) "  # noqa: S608
        "WITH ORDINALITY ORDER BY ordinality"
    )


def replacement(columns: Sequence[str], *kept: str) -> str:
    """What follows ON CONFLICT … DO UPDATE SET when the new row takes the old one's place, but for its key."""
    return ", ".join(f'"{each}" = excluded."{each}"' for each in columns if each not in kept)


def document(rows: Iterable[Mapping[str, object]]) -> str:
    """The parameter's value. Instants, days, numbers, texts, bytes, lists and plain JSON."""
    return json.dumps(list(rows), ensure_ascii=False, allow_nan=False, default=_as_text)


def _read(table: Table, column: str) -> str:
    return f'decode("{column}", \'base64\') AS "{column}"' if _is_binary(table, column) else f'"{column}"'


def _type(table: Table, column: str) -> str:
    return "text" if _is_binary(table, column) else table.c[column].type.compile(_DIALECT)


def _is_binary(table: Table, column: str) -> bool:
    return isinstance(table.c[column].type, LargeBinary)


def _as_text(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"a row in JSON can't hold {type(value).__name__}")
