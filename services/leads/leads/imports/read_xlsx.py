"""Stream the first sheet of an XLSX workbook, row by row; formulas count as the value they had when saved (LD1.1)."""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import IO, Any, BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from leads.imports.table_rules import MOST_COLUMNS, FileBroken, Numbered

MAGIC = b"PK\x03\x04"
# Unpacked: shared texts and what is small in any workbook are held while the file is read, of a sheet one row.
_MOST_TEXTS = 128 << 20
_MOST_ELSE = 16 << 20
_MOST_UNPACKED = 1 << 30
_MOST_ROW = 4 << 20
_TEXTS, _SHEETS = "xl/sharedStrings.xml", "xl/worksheets/"
_ELSE = ("[Content_Types].xml", "_rels/", "docProps/", "xl/_rels/", "xl/styles.xml", "xl/theme/", "xl/workbook.xml")
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_PIECE = 1 << 20
# What the library raises for a workbook that is none, or not a sound one.
_BROKEN = (
    *(BadZipFile, InvalidFileException, ParseError, zlib.error, EOFError, RuntimeError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError),
)


class XlsxBroken(FileBroken):
    en = "Row {row} and what follows can't be read as an XLSX sheet."
    zh = "第 {row} 行起无法按 XLSX 工作表读取。"


class XlsxTooLarge(FileBroken):
    en = "Unpacked, the workbook, or a part of it that has to be held in memory, is larger than {limit} MB."
    zh = "工作簿解压后，整体或需一次读入内存的部分超过 {limit} MB。"


def xlsx_rows(file: BinaryIO, skip: int) -> tuple[list[str], Iterator[Numbered]]:
    """The headings, and the rows behind the first `skip`. Raises XlsxBroken, XlsxTooLarge."""
    try:
        _check_size(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that are not read anyway
            sheet = load_workbook(file, read_only=True, data_only=True, keep_links=False).worksheets[0]
        sheet.reset_dimensions()
        first = next(sheet.iter_rows(max_row=1, max_col=MOST_COLUMNS + 1, values_only=True), ())
    except _BROKEN:
        raise XlsxBroken(row=0) from None
    headings = [_text(cell) for cell in first]
    while headings and not headings[-1].strip():
        headings.pop()
    return headings, _rows(sheet, len(headings), skip)


def _rows(sheet: Any, width: int, skip: int) -> Iterator[Numbered]:
    """One cell more than the headings is looked at, so that a row that is too wide is seen."""
    number = 0
    try:
        for values in sheet.iter_rows(min_row=2, max_col=width + 1, values_only=True):
            number += 1
            cells = [_text(value) for value in values]
            if number > skip and any(cell.strip() for cell in cells):
                yield number, cells if len(cells) > width and cells[width].strip() else cells[:width]
    except _BROKEN:
        raise XlsxBroken(row=number + 1) from None


def _check_size(file: BinaryIO) -> None:
    """Before anything is unpacked into memory. Raises XlsxTooLarge."""
    with ZipFile(file) as archive:
        sizes = {each.filename: each.file_size for each in archive.infolist()}
        held = max((size for name, size in sizes.items() if name.startswith(_ELSE)), default=0)
        limits = ((sum(sizes.values()), _MOST_UNPACKED), (sizes.get(_TEXTS, 0), _MOST_TEXTS), (held, _MOST_ELSE))
        for size, limit in limits:
            if size > limit:
                raise XlsxTooLarge(limit=limit >> 20)
        for name, size in sizes.items():
            if name.startswith(_SHEETS) and size > _MOST_ROW:
                with archive.open(name) as sheet:
                    _check_rows(sheet)
    file.seek(0)


def _check_rows(sheet: IO[bytes]) -> None:
    """The library holds a row as a whole, and what stands outside of rows too. Raises XlsxTooLarge."""
    without, end = 0, b""
    while piece := sheet.read(_PIECE):
        without = 0 if _ROW.search(end + piece) else without + len(piece)
        if without > _MOST_ROW:
            raise XlsxTooLarge(limit=_MOST_ROW >> 20)
        end = piece[-64:]


def _text(value: Any) -> str:
    """As the sheet shows it: numbers without an empty fraction, since phone numbers are often stored as such."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)
