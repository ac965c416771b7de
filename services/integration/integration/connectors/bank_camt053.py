"""The bank's front-end machine (前置机): statements as camt.053 files by number, and the balance of the moment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import SecretStr, field_validator
from pydantic_settings import NoDecode

from chassis.config import Settings, load
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.claiming.match_waiting import match_waiting
from integration.claiming.reopen import reopen
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, Raw
from integration.feeds.source import Access, Source
from integration.receipts import store
from integration.receipts.camt053 import shape
from integration.receipts.prove import prove
from integration.receipts.rules import Balance
from integration.receipts.statement_file import readable
from integration.receipts.take_statement import take_statement


class BankSettings(Settings):
    bank_url: str = ""
    bank_key: SecretStr = SecretStr("")
    bank_accounts: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("bank_accounts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value


class BankConnector:
    feed = "bank"
    rule = FeedRule(cadence_seconds=1800, max_lag_seconds=7200)

    def __init__(self, settings: BankSettings, policy: PolicyOf) -> None:
        self.access = Access("bank", settings.bank_url, settings.bank_key)
        self._accounts = settings.bank_accounts
        self._policy = policy

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        """A statement is a page: it is kept whole or not at all. `finish` moves the checkpoint over what is proved."""
        proved: dict[str, int] = json.loads(checkpoint or "{}")
        balances: dict[str, Balance] = {}
        for account in self._accounts:
            # The balance first: what is booked afterwards must not look like a gap.
            balances[account] = _balance(source.json("balance", account=account))
            for name in _files(source.json("statements", account=account, after=proved.get(account, 0))):
                yield Page([Raw(name, readable(source.get(f"statements/{quote(name)}").content))], checkpoint)
        yield Page([], checkpoint, {"balances": balances})

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        outcome = Outcome()
        for raw in page.records:
            taken = take_statement(tx, raw, run_id)
            outcome.add(taken.outcome)
            reopen(tx, taken.recounted)
        return outcome

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        for account, balance in facts.get("balances", {}).items():
            store.lock_account(tx, account)
            store.keep_balance(tx, account, balance)
        match_waiting(tx, self._policy("claiming"))
        return prove(tx, self._accounts)

    def shape(self, records: Sequence[Raw]) -> set[str]:
        return set().union(*(shape(each.body) for each in records))


def connector(policy: PolicyOf) -> BankConnector:
    return BankConnector(load(BankSettings), policy)


def _files(body: Any) -> list[str]:
    """Names in the order of their numbers, each once."""
    listed = body.get("statements") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise SourceFailed("schema", "no list “statements” in the answer")
    try:
        names = {str(each["file"]): int(each["sequence"]) for each in listed}
    except (TypeError, KeyError, ValueError):
        raise SourceFailed("schema", "a statement without “file” and “sequence”") from None
    return sorted(names, key=lambda name: names[name])


def _balance(body: Any) -> Balance:
    try:
        amount = Money.of(Decimal(str(body["balance"])), str(body["currency"]))
        at = datetime.fromisoformat(str(body["asOf"]))
    except (TypeError, KeyError, ValueError, InvalidOperation):
        raise SourceFailed("schema", "no “balance” with “currency” and “asOf” in the answer") from None
    if at.tzinfo is None:
        raise SourceFailed("schema", "“asOf” has no time zone")
    return Balance(amount.fen, at)
