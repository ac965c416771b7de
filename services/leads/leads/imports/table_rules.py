"""A file as a table: which column is which field (LD1.6, LD13.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chassis.errors import InvalidInput
from leads.imports.row_rules import LEADS, Form, columns_of, missing_columns

Numbered = tuple[int, list[str]]
# So that a chunk of rows is held in memory whatever the file is.
MOST_COLUMNS = 500


class ColumnMissing(InvalidInput):
    en = "The file has no column for the {field}: name one of {headings}."
    zh = "文件缺少“{heading}”列，可用的列名：{headings}。"


class FileBroken(InvalidInput):
    """Named by its kinds: from some row on, nothing can be read."""


class TooManyColumns(FileBroken):
    en = "The file has {found} columns; {most} are read at most."
    zh = "文件有 {found} 列，最多支持 {most} 列。"


@dataclass(frozen=True)
class Table:
    """A file that was understood. `rows` gives (number, cells), 1 = the first row below the headings."""

    encoding: str
    headings: Sequence[str]
    columns: Mapping[str, int]
    rows: Iterator[Numbered]

    @property
    def width(self) -> int:
        return len(self.headings)


def understood(
    encoding: str, headings: Sequence[str], rows: Iterator[Numbered], mapping: Mapping[str, str], form: Form = LEADS
) -> Table:
    """Raises ColumnMissing, TooManyColumns."""
    if len(headings) > MOST_COLUMNS:
        raise TooManyColumns(found=len(headings), most=MOST_COLUMNS)
    columns = columns_of(headings, mapping, form)
    for field in missing_columns(columns, form):
        names = form.headings[field]
        raise ColumnMissing(field=field, heading=names[0], headings=", ".join(names[:4]))
    return Table(encoding, headings, columns, rows)
