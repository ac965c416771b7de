"""Rows of a CSV in UTF-8 or GB18030, piece by piece, with lines of bounded length."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from integration.receipts.encodings import AsUtf8
from integration.receipts.reading import NotAStatement

LONGEST_LINE = 100_000


def csv_rows(content: BinaryIO, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """From the beginning of the file. Raises NotAStatement where it is no CSV."""
    content.seek(0)
    text = io.TextIOWrapper(io.BufferedReader(AsUtf8(content, encoding)), encoding="utf-8", newline="")
    rows = csv.reader(_bounded(text), delimiter=delimiter)
    try:
        yield from rows
    except csv.Error as failure:
        raise NotAStatement(
            f"row {rows.line_num} is no CSV: {failure}", f"第 {rows.line_num} 行不是有效的 CSV"
        ) from None


def _bounded(text: io.TextIOBase) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise NotAStatement("a line is too long for a CSV", "存在过长的行，不是有效的 CSV")
        yield line.replace("\x00", "")
