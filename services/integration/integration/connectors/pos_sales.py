"""Receipt lines of the points of sale, in numbered CSV files, or handed in as one of these.

A file of ten million lines is read in blocks of a megabyte; a run that breaks off goes on behind the last block kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from chassis.config import load
from chassis.unit_of_work import Transaction
from integration.connectors._pos import PosSettings
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Hole, Outcome, Proof
from integration.feeds.source import Source
from integration.pos import line_store
from integration.pos.file_rules import Reading, SalesFile
from integration.pos.line_blocks import blocks
from integration.pos.take_lines import take_block, take_records

# Larger files lie on the disk while they are read.
AT_ONCE = 4 * 1024 * 1024


class PosSales:
    feed = "pos_sales"
    rule = FeedRule(cadence_seconds=900, max_lag_seconds=86400, timeout_seconds=60)

    def __init__(self, settings: PosSettings) -> None:
        self.access = settings.access

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        reading = Reading.of(checkpoint)
        for file in reading.due(_files(source.json("sales/files", after=reading.ask_after))):
            with SpooledTemporaryFile(max_size=AT_ONCE) as spool:
                content = cast(BinaryIO, spool)
                digest = source.file(f"sales/files/{quote(file.name)}", content)
                if digest != file.sha256:
                    raise SourceFailed("parse", f"{file.name} is not the file that was announced")
                offset, row = reading.place_in(file)
                for block in blocks(content, file.name, offset, row):
                    following = reading.within(file, block.end, block.row + len(block.lines))
                    yield Page([], str(following), {"block": block})
            reading = _behind(reading, file)
            yield Page([], str(reading), {"block": None})
        yield Page([], str(reading), {"block": None, "missing": reading.missing})

    def pages_of(self, content: BinaryIO, place: str, sha256: str, now: datetime) -> Iterator[Page]:
        return (Page([], "", {"block": block}) for block in blocks(content, place))

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        block = page.facts.get("block")
        return take_block(tx, block) if block else take_records(tx, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        line_store.months_are_whole(tx)
        if "read_at" not in facts:
            return None
        holes = [Hole(f"file {each} is missing", f"缺少第 {each} 号文件") for each in facts.get("missing", ())[:20]]
        return Proof(facts["read_at"], holes)

    def shape(self, page: Page) -> set[str]:
        block = page.facts.get("block")
        return set(block.heading) if block else set()


def connector(policy: PolicyOf) -> PosSales:
    return PosSales(load(PosSettings))


def _behind(reading: Reading, file: SalesFile) -> Reading:
    try:
        return reading.behind(file)
    except ValueError as failure:
        raise SourceFailed("schema", str(failure)) from None


def _files(body: Any) -> list[SalesFile]:
    listed = body.get("files") if isinstance(body, dict) else None
    try:
        return [SalesFile(int(each["sequence"]), str(each["file"]), str(each["sha256"])) for each in listed or ()]
    except (TypeError, KeyError, ValueError):
        raise SourceFailed("schema", "a file without “sequence”, “file” and “sha256”") from None
