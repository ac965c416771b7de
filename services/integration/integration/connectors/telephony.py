"""Calls of the telephone system with their transcripts, by sequence number.

`GET calls?after=&limit=` answers `{"calls": [{"seq", "callId", "agentId", …}]}`. A transcript that is ready later comes
as a new record of the same call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from chassis.config import Settings, load
from chassis.unit_of_work import Transaction
from integration.calls.take_calls import take_calls
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.numbered import numbered_pages
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, Raw, decoded, shape_of
from integration.feeds.sequence_rules import proof_of
from integration.feeds.source import Access, Source

PAGE = 200
# A call that the exchange never gave a record is looked for so long.
KEPT = timedelta(days=30)


class TelephonySettings(Settings):
    telephony_url: str = ""
    telephony_key: SecretStr = SecretStr("")
    telephony_key_ends: date | None = None


class Telephony:
    feed = "telephony"
    # A connected call stops the golden clocks (LD5.1), so calls come soon.
    rule = FeedRule(cadence_seconds=30, max_lag_seconds=900)

    def __init__(self, settings: TelephonySettings) -> None:
        key, ends = settings.telephony_key, settings.telephony_key_ends
        self.access = Access("telephony", settings.telephony_url, key, ends)

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        for records, progress in numbered_pages(lambda after: _pull(source, after), checkpoint, now, KEPT):
            # The place says nothing about whom the call was with.
            raws = [Raw(f"record {each['seq']}", json.dumps(each, ensure_ascii=False)) for each in records]
            yield Page(raws, progress.checkpoint, {"progress": progress})

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_calls(tx, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return proof_of(facts["progress"]) if "progress" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)


def connector(policy: PolicyOf) -> Telephony:
    return Telephony(load(TelephonySettings))


def _pull(source: Source, after: int) -> list[dict[str, Any]]:
    """Records after this number. Raises SourceFailed."""
    body = source.json("calls", after=after, limit=PAGE)
    listed = body.get("calls") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise SourceFailed("schema", "no list “calls” in the answer")
    if not all(isinstance(each, dict) and isinstance(each.get("seq"), int) for each in listed):
        raise SourceFailed("schema", "a record without “seq”")
    return listed
