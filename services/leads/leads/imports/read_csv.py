"""Stream a CSV file: encoding found, rows one by one (LD1.1, LD13.1)."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import BinaryIO

from chassis.errors import InvalidInput
from leads.imports.csv_lines import MOST_CHARACTERS, Lines, RowTooLong
from leads.imports.table_rules import MOST_COLUMNS, FileBroken, Numbered

_PIECE = 1 << 20


class EncodingUnknown(InvalidInput):
    en = "The file is neither UTF-8 nor GB18030 text."
    zh = "文件编码既不是 UTF-8 也不是 GB18030。"


class CsvRowTooLong(FileBroken):
    en = "Row {row} is longer than {most} characters; is a quotation mark left open?"
    zh = "第 {row} 行超过 {most} 个字符，请检查引号是否成对。"


class CsvBroken(FileBroken):
    en = "Row {row} and what follows can't be read as CSV; is a quotation mark left open?"
    zh = "第 {row} 行起无法按 CSV 读取，请检查引号是否成对。"


def encoding_of(file: BinaryIO) -> str:
    """utf-8-sig, utf-8 or gb18030; the whole file is decoded once, piece by piece. Raises EncodingUnknown."""
    start = file.read(3)
    for encoding in ("utf-8-sig",) if start == codecs.BOM_UTF8 else ("utf-8", "gb18030"):
        file.seek(0)
        if _decodes(file, encoding):
            file.seek(0)
            return encoding
    raise EncodingUnknown


def csv_rows(file: BinaryIO, encoding: str, skip: int) -> tuple[list[str], Iterator[Numbered]]:
    """The headings, and the rows behind the first `skip`. Raises CsvBroken, CsvRowTooLong where it can't be read on."""
    rows = _all_rows(file, encoding)
    return next(rows, (0, []))[1], _filled(rows, skip)


def _filled(rows: Iterator[Numbered], skip: int) -> Iterator[Numbered]:
    return ((number, cells) for number, cells in rows if number > skip and any(cell.strip() for cell in cells))


def _all_rows(file: BinaryIO, encoding: str) -> Iterator[Numbered]:
    """The headings are row 0. Of a row that is much too wide no more is kept than shows it."""
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        lines = Lines(text)
        reader = csv.reader(lines)
        for number in count():
            cells = _next(reader, number)
            if cells is None:
                return
            lines.row_read()
            yield number, cells[: MOST_COLUMNS + 1]
    finally:
        with suppress(ValueError):  # closed already
            text.detach()  # whoever opened the file closes it


def _next(reader: Iterator[list[str]], number: int) -> list[str] | None:
    try:
        return next(reader, None)
    except RowTooLong:
        raise CsvRowTooLong(row=number, most=MOST_CHARACTERS) from None
    except csv.Error:
        raise CsvBroken(row=number) from None


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(_PIECE):
            if b"\x00" in piece:
                return False
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
