"""A bank's front-end machine (前置机) that lays statements out as files, by number, and answers balance queries.

The files may be camt.053, camt.054, MT940 or the bank's CSV, one or mixed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from chassis.config import load
from chassis.unit_of_work import Transaction
from integration.connectors._bank import BankFeed, BankSettings, balance_of
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof
from integration.feeds.source import Access, Source
from integration.receipts.rules import Balance
from integration.receipts.statement_file import AT_ONCE, BankFile


class BankConnector:
    feed = "bank"
    rule = FeedRule(cadence_seconds=1800, max_lag_seconds=7200)

    def __init__(self, settings: BankSettings, policy: PolicyOf) -> None:
        self.access = Access("bank", settings.bank_url, settings.bank_key, settings.bank_key_ends)
        self._feed = BankFeed(settings.bank_accounts, policy, apart=settings.bank_direct_accounts)

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        """Each file is kept whole or not at all. `finish` moves the checkpoint over what is proved."""
        proved: dict[str, int] = json.loads(checkpoint or "{}")
        balances: dict[str, Balance] = {}
        for account in self._feed.accounts:
            # The balance first: what is booked afterwards must not look like a gap.
            balances[account] = balance_of(source.json("balance", account=account))
            listed = source.json("statements", account=account, after=proved.get(account, 0))
            for file in _files(listed):
                with SpooledTemporaryFile(max_size=AT_ONCE) as spool:
                    content = cast(BinaryIO, spool)
                    digest = source.file(f"statements/{quote(file.place)}", content)
                    yield from self._feed.pages_of(content, replace(file, sha256=digest), now, checkpoint)
        yield Page([], checkpoint, {"balances": balances})

    def pages_of(self, content: BinaryIO, place: str, sha256: str, now: datetime) -> Iterator[Page]:
        return self._feed.pages_of(content, BankFile(place, sha256), now, "")

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return self._feed.take(tx, page, run_id)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return self._feed.finish(tx, facts)

    def shape(self, page: Page) -> set[str]:
        return self._feed.shape(page)


def connector(policy: PolicyOf) -> BankConnector:
    return BankConnector(load(BankSettings), policy)


def _files(body: Any) -> list[BankFile]:
    """In the order of their numbers, each once, with the SHA-256 that the bank announced."""
    listed = body.get("statements") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise SourceFailed("schema", "no list “statements” in the answer")
    try:
        told = (
            BankFile(str(each["file"]), announced=str(each.get("sha256") or ""), number=int(each["sequence"]))
            for each in listed
        )
        files = {file.place: file for file in told}
    except (TypeError, KeyError, ValueError, AttributeError):
        raise SourceFailed("schema", "a statement without “file” and “sequence”") from None
    return sorted(files.values(), key=lambda file: file.number or 0)
