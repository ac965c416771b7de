"""What the connectors of banks share: whose money they bring, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, BinaryIO

from pydantic import SecretStr, field_validator
from pydantic_settings import NoDecode

from chassis.config import Settings
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.back_entries.confirm_back_entries import confirm_back_entries
from integration.claiming.match_waiting import match_waiting
from integration.claiming.reopen import reopen
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.rules import Outcome, Proof
from integration.receipts import store
from integration.receipts.bank_json import FORMAT
from integration.receipts.documents import is_entry
from integration.receipts.prove import prove
from integration.receipts.rules import Balance
from integration.receipts.statement_file import BankFile, Facts, facts_of, pages_of, pages_of_text
from integration.receipts.store import Origin
from integration.receipts.take_statement import take_part
from integration.receipts.withdraw import withdraw


class BankSettings(Settings):
    bank_url: str = ""
    bank_key: SecretStr = SecretStr("")
    bank_key_ends: date | None = None
    bank_accounts: Annotated[tuple[str, ...], NoDecode] = ()
    bank_direct_url: str = ""
    bank_direct_key: SecretStr = SecretStr("")
    bank_direct_key_ends: date | None = None
    bank_direct_accounts: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("bank_accounts", "bank_direct_accounts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value


class BankFeed:
    """Keeps what a bank's connector pulled, and files handed in. `apart`: accounts that are another feed's."""

    def __init__(self, accounts: Sequence[str], policy: PolicyOf, apart: Collection[str] = ()) -> None:
        self.accounts = tuple(accounts)
        self._policy = policy
        self._apart = apart

    def pages_of(self, content: BinaryIO, file: BankFile, now: datetime, checkpoint: str) -> Iterator[Page]:
        return pages_of(content, file, self._policy("statements"), now, checkpoint)

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        outcome = Outcome()
        for raw in page.records:
            for again in pages_of_text(raw, self._policy("statements"), tx.now):
                outcome.add(self._take(tx, again, run_id, whole=False))
        outcome.add(self._take(tx, page, run_id, whole=True))
        return outcome

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        for account, balance in facts.get("balances", {}).items():
            store.lock_account(tx, account)
            store.keep_balance(tx, account, balance)
        match_waiting(tx, self._policy("claiming"))
        return prove(tx, self.accounts, self._apart)

    @staticmethod
    def shape(page: Page) -> set[str]:
        facts = facts_of(page)
        return set(facts.shape) if facts else set()

    def _take(self, tx: Transaction, page: Page, run_id: str, *, whole: bool) -> Outcome:
        facts = facts_of(page)
        return self._keep(tx, facts, run_id, whole=whole) if facts else Outcome()

    @staticmethod
    def _keep(tx: Transaction, facts: Facts, run_id: str, *, whole: bool) -> Outcome:
        outcome = Outcome()
        if facts.refusal is not None:
            return Outcome(records=1, rejections=[facts.refusal])
        for part in facts.parts:
            number = part.statement.sequence if part.statement.format == FORMAT else facts.file.number
            place = facts.file.place
            origin = Origin(place, run_id, facts.file.sha256, number, whole, alone=not whole and is_entry(place))
            taken = take_part(tx, part, origin)
            outcome.add(taken.outcome)
            reopen(tx, taken.recounted + taken.withdrawn)
            withdraw(tx, taken.withdrawn)
            confirm_back_entries(tx, taken.superseded)
        if facts.whole:
            outcome.accepted.append(facts.file.place)
        return outcome


def balance_of(body: Any) -> Balance:
    """Of an answer to a balance query. Raises SourceFailed."""
    try:
        amount = Money.of(Decimal(str(body["balance"])), str(body["currency"]))
        at = datetime.fromisoformat(str(body["asOf"]))
    except (TypeError, KeyError, ValueError, InvalidOperation):
        raise SourceFailed("schema", "no “balance” with “currency” and “asOf” in the answer") from None
    if at.tzinfo is None:
        raise SourceFailed("schema", "“asOf” has no time zone")
    return Balance(amount.fen, at)
