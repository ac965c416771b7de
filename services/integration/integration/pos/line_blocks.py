"""A file of receipt lines, block by block: memory is bounded whatever the size, and a block can be gone back to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from integration.feeds.errors import SourceFailed
from integration.pos.line_rules import COLUMNS, missing_columns

BLOCK = 1 << 20
LONGEST_LINE = 64 * 1024


@dataclass(frozen=True)
class Block:
    """Whole lines. `row` numbers the first one, 1 below the heading; `end` is the offset behind the last."""

    place: str
    heading: tuple[str, ...]
    lines: tuple[str, ...]
    row: int
    end: int


@dataclass(frozen=True)
class Torn:
    """A line that has another number of cells than the heading, or an open quotation mark."""

    row: int
    text: str


def blocks(content: BinaryIO, place: str, at: int = 0, row: int = 1) -> Iterator[Block]:
    """Goes on at an offset and row that an earlier block named. Raises SourceFailed for what is no such file."""
    content.seek(0)
    heading_line = content.readline(LONGEST_LINE)
    heading = tuple(name.strip().lower() for name in _text(heading_line.removeprefix(b"\xef\xbb\xbf")).split(","))
    if missing := missing_columns(heading):
        raise SourceFailed("schema", f"{place}: columns missing: {', '.join(missing)}")
    at = max(at, len(heading_line))
    content.seek(at)
    rest = b""
    while piece := content.read(BLOCK):
        whole, cut, rest = (rest + piece).rpartition(b"\n")
        if len(rest) > LONGEST_LINE:
            raise SourceFailed("parse", f"{place}: a line of more than {LONGEST_LINE} bytes")
        at += len(whole + cut)
        lines = _lines(whole)
        if lines:
            yield Block(place, heading, lines, row, at)
            row += len(lines)
    if rest.strip():
        yield Block(place, heading, _lines(rest), row, at + len(rest))


def table(block: Block) -> tuple[pl.DataFrame, list[Torn]]:
    """Texts under COLUMNS with their `row`; beside them the lines that are none."""
    width = len(block.heading)
    rows: list[tuple[int, list[str]]] = []
    torn: list[Torn] = []
    for number, line in enumerate(block.lines, start=block.row):
        cells = _cells(line)
        if len(cells) == width:
            rows.append((number, cells))
        elif line.strip():
            torn.append(Torn(number, line))
    columns = list(zip(*(cells for _, cells in rows), strict=True)) or [()] * width
    told = {name: columns[block.heading.index(name)] for name in COLUMNS}
    frame = pl.DataFrame(told, schema=dict.fromkeys(COLUMNS, pl.String))
    return frame.with_columns(pl.Series("row", [number for number, _ in rows], dtype=pl.Int64)), torn


def _cells(line: str) -> list[str]:
    """Empty when a quotation mark is left open. A cell never holds a line's end."""
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []


def _lines(whole: bytes) -> tuple[str, ...]:
    return tuple(_text(whole).replace("\r\n", "\n").removesuffix("\r").split("\n")) if whole else ()


def _text(content: bytes) -> str:
    """Raises SourceFailed. Neither encoding has a line's end inside a character, so blocks are cut between them."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SourceFailed("parse", "the file is neither UTF-8 nor GB18030")
