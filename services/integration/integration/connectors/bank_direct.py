"""A bank's front-end machine (前置机) that is asked for transactions one by one, as JSON, and for the balance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO

from chassis.config import load
from chassis.unit_of_work import Transaction
from integration.connectors._bank import BankFeed, BankSettings, balance_of
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof
from integration.feeds.source import Access, Source
from integration.receipts.rules import Balance
from integration.receipts.statement_file import BankFile

PAGE = 500


class BankDirectConnector:
    feed = "bank_direct"
    # The balance is asked every half hour; transactions come with it.
    rule = FeedRule(cadence_seconds=1800, max_lag_seconds=7200)

    def __init__(self, settings: BankSettings, policy: PolicyOf) -> None:
        key, ends = settings.bank_direct_key, settings.bank_direct_key_ends
        self.access = Access("bank_direct", settings.bank_direct_url, key, ends)
        others = settings.bank_accounts
        self._feed = BankFeed(settings.bank_direct_accounts, policy, apart=others)

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        proved: dict[str, int] = json.loads(checkpoint or "{}")
        balances: dict[str, Balance] = {}
        for account in self._feed.accounts:
            balances[account] = balance_of(source.json("balance", account=account))
            yield from self._transactions(source, account, proved.get(account, 0), now, checkpoint)
        yield Page([], checkpoint, {"balances": balances})

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return self._feed.take(tx, page, run_id)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return self._feed.finish(tx, facts)

    def shape(self, page: Page) -> set[str]:
        return self._feed.shape(page)

    def pages_of(self, content: BinaryIO, place: str, sha256: str, now: datetime) -> Iterator[Page]:
        return self._feed.pages_of(content, BankFile(place, sha256), now, "")

    def _transactions(self, source: Source, account: str, after: int, now: datetime, checkpoint: str) -> Iterator[Page]:
        while True:
            answer = source.get("transactions", account=account, after=after, limit=PAGE).content
            last = _last(answer)
            if last is None:
                return
            place = f"{account}, transactions {after + 1}–{last}"
            yield from self._feed.pages_of(BytesIO(answer), BankFile(place), now, checkpoint)
            if last <= after:
                raise SourceFailed("schema", "the numbers of transactions do not grow")
            after = last


def connector(policy: PolicyOf) -> BankDirectConnector:
    return BankDirectConnector(load(BankSettings), policy)


def _last(answer: bytes) -> int | None:
    """The highest number of an answer, None when it is empty. Raises SourceFailed."""
    try:
        listed = json.loads(answer)["transactions"]
        return max((int(each["seq"]) for each in listed), default=None)
    except (ValueError, TypeError, KeyError):
        raise SourceFailed("schema", "no list “transactions” with “seq” in the answer") from None
