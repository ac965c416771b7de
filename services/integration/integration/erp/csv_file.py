"""A CSV of the ERP as pages of a run, whatever its size: read piece by piece, good rows taken, bad ones put aside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from integration.erp.csv_orders import LACKS_CELLS, CsvRow, faults_of, orders_of
from integration.erp.csv_rules import Layout, layout_of, record_of
from integration.erp.policy import ErpFilesPolicy
from integration.erp.record_rules import ErpRecord
from integration.feeds.connector import Page
from integration.feeds.rules import Raw, Rejection
from integration.receipts.csv_rows import csv_rows
from integration.receipts.encodings import encoding_of
from integration.receipts.reading import NotAStatement
from integration.receipts.statement_file import is_shown_whole, shown

AT_ONCE = 500
REFUSALS = "refusals"


@dataclass(frozen=True)
class CsvFile:
    """`key`: the field of `model` that names a record. `columns`: headers of this feed, by the policy."""

    place: str
    feed: str
    model: type[ErpRecord]
    key: str
    policy: ErpFilesPolicy


def pages_of(content: BinaryIO, file: CsvFile) -> Iterator[Page]:
    """A file that can't be read at all, or that lacks a column, is one page that says why."""
    try:
        encoding = encoding_of(content)
        _refuse_cut(content)
        layout = _layout(content, encoding, file)
        records = _records(content, encoding, layout, file.policy)
        while batch := list(islice(records, AT_ONCE)):
            yield _page(batch, file.place, layout.key)
    except NotAStatement as failure:
        raw, alone = Raw(file.place, shown(content)), is_shown_whole(content)
        refusal = Rejection(raw, failure.en, failure.zh, failure.field, file.place, alone)
        yield Page((), "", {REFUSALS: [refusal]})


def _page(batch: list[CsvRow], place: str, key: str) -> Page:
    raws, refusals = [], []
    for row in batch:
        where = f"{place}, row {row.number}"
        if row.record is None:
            refusals.append(Rejection(Raw(where, row.text), LACKS_CELLS.en, LACKS_CELLS.zh, alone=False))
        elif row.fault is not None:
            fault = row.fault
            refusals.append(Rejection(Raw(where, row.text), fault.en, fault.zh, key, row.key[:60], alone=False))
        else:
            raws.append(Raw(where, json.dumps(row.record, ensure_ascii=False)))
    return Page(raws, "", {REFUSALS: refusals})


def _refuse_cut(content: BinaryIO) -> None:
    """The last cell of a file that broke off may look whole and be an amount without its last digits."""
    size = content.seek(0, 2)
    content.seek(max(size - 4, 0))
    if not content.read().rstrip(b" \t\x1a").endswith((b"\n", b"\r")):
        raise NotAStatement("the last line has no end: the file may be cut off", "最后一行没有换行符，文件可能不完整")


def _layout(content: BinaryIO, encoding: str, file: CsvFile) -> Layout:
    header = next(csv_rows(content, encoding, file.policy.delimiter), [])
    layout = layout_of(header, file.model, file.key, file.policy.columns.get(file.feed, {}))
    if layout.lacks:
        names = ", ".join(layout.lacks)
        raise NotAStatement(f"no column for {names}", f"缺少列：{names}", layout.lacks[0])
    return layout


def _records(content: BinaryIO, encoding: str, layout: Layout, policy: ErpFilesPolicy) -> Iterator[CsvRow]:
    if not layout.has_lines:
        return _rows(content, encoding, layout, policy)
    faults = faults_of(_rows(content, encoding, layout, policy))
    return orders_of(_rows(content, encoding, layout, policy), faults)


def _rows(content: BinaryIO, encoding: str, layout: Layout, policy: ErpFilesPolicy) -> Iterator[CsvRow]:
    rows = csv_rows(content, encoding, policy.delimiter)
    next(rows)
    key = layout.fields.index(layout.key)
    for number, cells in enumerate(rows, start=1):
        if "".join(cells).strip():
            text = policy.delimiter.join(cells).replace("\n", " ")
            record = None if len(cells) < len(layout.fields) else record_of(cells, layout, policy)
            yield CsvRow(number, text, cells[key].strip() if key < len(cells) else "", record)
