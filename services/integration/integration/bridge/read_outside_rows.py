"""Rows of a figure from outside, from a CSV in UTF-8 or GB18030 with Chinese or English headings (N7.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from chassis.errors import Violation
from chassis.files import FileStore
from integration.bridge.errors import NotAListOfRows
from integration.bridge.outside_rules import OutsideRow
from integration.receipts.csv_rows import csv_rows
from integration.receipts.encodings import encoding_of
from integration.receipts.reading import NotAStatement, fen_of

HEADINGS = {
    "booked_on": ("date", "booked_on", "日期", "到账日期", "记账日期", "入账日期"),
    "serial": ("serial", "bank_serial", "流水号", "银行流水号"),
    "fen": ("amount", "金额", "到账金额"),
    "payer_name": ("payer", "payer_name", "付款人", "对方户名"),
}
NEEDED = ("booked_on", "fen")
MOST_ROWS = 100_000
LONGEST = 200


def read_outside_rows(files: FileStore, file_id: str) -> tuple[OutsideRow, ...]:
    """Before the transaction: the file store is a neighbour. Raises NoSuchFile or NotAListOfRows, naming the row."""
    with files.open(file_id) as content:
        try:
            return tuple(_rows(content))
        except NotAStatement as failure:
            raise _refused(failure.en, failure.zh) from None


def _rows(content: BinaryIO) -> Iterator[OutsideRow]:
    rows = csv_rows(content, encoding_of(content), ",")
    columns = _columns(next(rows, []))
    for number, cells in enumerate(rows, start=2):
        if number > MOST_ROWS:
            raise NotAStatement(f"more than {MOST_ROWS} rows", f"超过 {MOST_ROWS} 行")
        told = {name: cells[at].strip() for name, at in columns.items() if at < len(cells)}
        if any(told.values()):
            yield _row(number, told)


def _columns(header: list[str]) -> dict[str, int]:
    """Where each is."""
    plain = [each.strip().strip("\ufeff").lower() for each in header]
    found = {name: plain.index(each) for name, known in HEADINGS.items() for each in known if each in plain}
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise NotAStatement(f"no column {missing[0]}", f"缺少列 {HEADINGS[missing[0]][-1]}")
    return found


def _row(number: int, told: dict[str, str]) -> OutsideRow:
    day = told.get("booked_on", "").replace("/", "-")
    try:
        booked_on = date.fromisoformat(day)
    except ValueError:
        raise NotAStatement(f"row {number}: {day[:40]} is no day", f"第 {number} 行：{day[:40]} 不是日期") from None
    try:
        fen = fen_of(told.get("fen", "").replace(",", ""), f"row {number}")
    except NotAStatement as failure:
        raise NotAStatement(failure.en, failure.zh.replace("row ", "行 ")) from None
    return OutsideRow(number, booked_on, told.get("serial", "")[:LONGEST], fen, told.get("payer_name", "")[:LONGEST])


def _refused(en: str, zh: str) -> NotAListOfRows:
    error = NotAListOfRows(why=en)
    error.violations = (Violation("file_id", error.text_en, zh),)
    return error
