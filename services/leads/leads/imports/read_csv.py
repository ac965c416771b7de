"""Stream a CSV file: encoding found, rows one by one (LD1.1, LD13.1)."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from chassis.errors import InvalidInput
from leads.imports.table_rules import FileBroken, Numbered

_PIECE = 1 << 20


class EncodingUnknown(InvalidInput):
    en = "The file is neither UTF-8 nor GB18030 text."
    zh = "文件编码既不是 UTF-8 也不是 GB18030。"


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
    """The headings, and the rows behind the first `skip`. Raises CsvBroken where it can't be read on."""
    reader = csv.reader(io.TextIOWrapper(file, encoding=encoding, newline=""))
    try:
        headings = next(reader, [])
    except csv.Error:
        raise CsvBroken(row=0) from None
    return headings, _rows(reader, skip)


def _rows(reader: Iterator[list[str]], skip: int) -> Iterator[Numbered]:
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise CsvBroken(row=number) from None
        if cells is None:
            return
        if number > skip and any(cell.strip() for cell in cells):
            yield number, cells


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
