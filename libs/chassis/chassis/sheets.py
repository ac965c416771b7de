"""Tables that people open in a spreadsheet: CSV and XLSX, written row by row (P1.1, P9.1).

Guarantee: no cell is run as a formula, whatever somebody wrote into a name or a remark.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import Literal

from openpyxl import Workbook

Cell = str | int | float | None
Form = Literal["csv", "xlsx"]
_CHUNK = 1 << 16
# What spreadsheets take as the beginning of a formula or a command, full width too.
_FORMULA = re.compile(r"[=+\-@\t\r\n|%＝＋－＠]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,-]*")
# XML knows no other control characters.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def safe_cell(value: str) -> str:
    """The text as it is, unless a spreadsheet would run it: then behind an apostrophe, which shows it as text.

    A number with its sign, such as a phone number, runs nothing.
    """
    if _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def written(form: Form, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    return as_csv(headings, rows) if form == "csv" else as_xlsx(headings, rows)


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """UTF-8 with its mark, which spreadsheets ask for."""
    yield codecs.BOM_UTF8
    yield _line(headings)
    for row in rows:
        yield _line(row)


def as_xlsx(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Rows go to a temporary file as they come, so that many of them are not held in memory."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in chain([headings], rows):
        # Control characters go first: behind one, the beginning of a formula is not seen.
        sheet.append([safe_cell(_CONTROL.sub("", each)) if isinstance(each, str) else each for each in row])
    with SpooledTemporaryFile(max_size=1 << 20) as file:
        book.save(file)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _line(row: Sequence[Cell]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([safe_cell(each) if isinstance(each, str) else each for each in row])
    return line.getvalue().encode()
