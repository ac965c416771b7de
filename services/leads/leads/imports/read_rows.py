"""Rows of a chunk: those that can be taken in, and what is wrong with the others, field by field (LD13.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from chassis.errors import InvalidInput, Violation
from leads.capture.rules import Clean
from leads.imports.row_rules import arrival_of
from leads.imports.table_rules import FileBroken, Numbered, Table

Read = TypeVar("Read")


@dataclass(frozen=True)
class Chunk(Generic[Read]):
    """`good`: rows by number. `refused`: one entry per field. `broken`: the file can't be read on behind these."""

    rows: Sequence[Numbered]
    good: Sequence[tuple[int, Read]]
    refused: Sequence[dict[str, Any]]
    broken: FileBroken | None = None

    @property
    def last_row(self) -> int:
        return self.rows[-1][0]

    @property
    def failed(self) -> int:
        return len(self.rows) - len(self.good)


def read_leads(table: Table, most: int, channel: str) -> Chunk[Clean]:
    return read_rows(table, most, lambda cells: arrival_of(cells, table.columns, table.width, channel))


def read_rows(table: Table, most: int, read: Callable[[Sequence[str]], Read]) -> Chunk[Read]:
    """Rows before a place that can't be read still go in."""
    rows, broken = _next(table, most)
    good: list[tuple[int, Read]] = []
    refused: dict[tuple[int, str], dict[str, Any]] = {}
    for number, cells in rows:
        try:
            good.append((number, read(cells)))
        except InvalidInput as problem:
            for each in problem.violations:
                refused[number, each.field] = _entry(number, each, cells, table)
    return Chunk(rows, good, list(refused.values()), broken)


def refusals(table: Table, rows: Iterable[Numbered], found: Iterable[tuple[int, Violation]]) -> list[dict[str, Any]]:
    """What is wrong with rows that could be read: one entry per row and field."""
    cells = dict(rows)
    return list({(number, each.field): _entry(number, each, cells[number], table) for number, each in found}.values())


def _next(table: Table, most: int) -> tuple[list[Numbered], FileBroken | None]:
    rows: list[Numbered] = []
    try:
        for each in islice(table.rows, most):
            rows.append(each)
    except FileBroken as broken:
        return rows, broken
    return rows, None


def _entry(number: int, violation: Violation, cells: Sequence[str], table: Table) -> dict[str, Any]:
    at = table.columns.get(violation.field)
    return {
        "row": number,
        "field": violation.field,
        "value": cells[at][:200] if at is not None and at < len(cells) else "",
        "message": violation.en,
        "message_zh": violation.zh,
    }
