"""Keep a block of receipt lines: good ones in one stroke, bad ones in quarantine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from integration.feeds.errors import SourceFailed
from integration.feeds.rules import Outcome, Raw, Rejection, decoded
from integration.pos import line_store
from integration.pos.line_blocks import Block, Torn, table
from integration.pos.line_rules import COLUMNS, judged, newest, words_for

# So many bad lines in one block are no bad lines but another form of file.
MOST_REJECTED = 1000


def take_block(tx: Transaction, block: Block) -> Outcome:
    """The same block twice changes nothing. Raises SourceFailed when too much of it can't be read."""
    frame, torn = table(block)
    outcome = _take(tx, frame, lambda row: f"{block.place}, row {row}")
    outcome.records += len(torn)
    outcome.rejections += [_rejected_whole(block, each) for each in torn]
    if len(outcome.rejections) > MOST_REJECTED:
        first = outcome.rejections[0]
        raise SourceFailed("schema", f"{first.raw.place}: {first.en}, and so in {len(outcome.rejections)} rows near it")
    return outcome


def take_records(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    """Lines out of quarantine, as they were put there."""
    bodies = [decoded(raw) or {} for raw in records]
    told = {name: [str(body.get(name, "")) for body in bodies] for name in COLUMNS}
    frame = pl.DataFrame(told, schema=dict.fromkeys(COLUMNS, pl.String)).with_row_index("row")
    return _take(tx, frame, lambda row: records[row].place)


def _take(tx: Transaction, frame: pl.DataFrame, place: Any) -> Outcome:
    said = judged(frame, local_date(tx.now))
    good, bad = said.filter(pl.col("problem") == ""), said.filter(pl.col("problem") != "")
    new, corrected = line_store.merge(tx, newest(good)) if len(good) else (0, 0)
    outcome = Outcome(len(frame), new, len(good) - new - corrected, corrected)
    raw = frame.filter(pl.col("row").is_in(bad["row"].implode())) if len(bad) else frame.clear()
    for problem, body in zip(bad["problem"], raw.iter_rows(named=True), strict=True):
        outcome.rejections.append(_rejected(place(body["row"]), problem, body))
    outcome.accepted = good.select(pl.concat_str("store", "receipt_no", "line_no", separator="|")).to_series().to_list()
    return outcome


def _rejected(place: str, problem: str, body: dict[str, Any]) -> Rejection:
    en, zh = words_for(problem)
    texts = {name: body[name] for name in COLUMNS}
    key = "|".join(texts[name].strip() for name in ("store", "receipt_no", "line"))
    raw = Raw(place, json.dumps(texts, ensure_ascii=False).replace("\\u0000", "�"))
    return Rejection(raw, en, zh, problem, key.replace("\x00", "�")[:200])


def _rejected_whole(block: Block, torn: Torn) -> Rejection:
    cells = len(block.heading)
    raw = Raw(f"{block.place}, row {torn.row}", torn.text.replace("\x00", "�"))
    return Rejection(raw, f"the row does not have {cells} cells", f"该行不是 {cells} 列", "row", alone=False)
