"""A bank's file, whatever its format, in parts that fit a transaction (N1.1).

The format is told by the content, never by the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from integration.feeds.rules import Raw, Rejection
from integration.receipts.bank_csv import BankCsvFormat, find_table
from integration.receipts.bank_json import BankJson
from integration.receipts.camt import NOTIFICATION, STATEMENT, Camt
from integration.receipts.mt940 import Mt940
from integration.receipts.policy import StatementsPolicy
from integration.receipts.reading import Format, NotAStatement, Survey, Told
from integration.receipts.rules import Entry, Statement

HEAD = 64 * 1024
# Entries that are kept in one transaction.
AT_ONCE = 1000
_ENTRY = re.compile(r", entry \d+$")
_MT940 = re.compile(rb"^(\{4:)?:20:", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """Entries of one statement. `keys`: under which they would have been quarantined.

    `first`: nothing of it came before in this file. `last`: no more of it comes.
    """

    statement: Statement
    entries: tuple[Entry, ...]
    rejections: tuple[Rejection, ...]
    keys: tuple[str, ...]
    last: bool = True
    first: bool = True


@dataclass(frozen=True)
class Document:
    """A file that was found whole."""

    content: BinaryIO
    format: Format
    survey: Survey
    place: str
    latest: date

    def parts(self) -> Iterator[Part]:
        """In the order of the file; a statement without entries is a part too."""
        told = self.format.entries(self.content, self.survey)
        ahead = next(told, None)
        for index, statement in enumerate(self.survey.statements):
            part = _Growing(statement, self, first=True)
            while ahead is not None and ahead.statement == index:
                part.add(ahead)
                if part.is_full:
                    yield part.done(last=False)
                    part = _Growing(statement, self, first=False)
                ahead = next(told, None)
            yield part.done(last=True)


def open_document(content: BinaryIO, place: str, policy: StatementsPolicy, latest: date) -> Document:
    """Reads it once. `latest`: a booking after this day is a mistake. Raises NotAStatement."""
    found = recognise(content, policy)
    return Document(content, found, found.survey(content), place, latest)


def recognise(content: BinaryIO, policy: StatementsPolicy) -> Format:
    """Raises NotAStatement."""
    content.seek(0)
    head = content.read(HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<"):
        return Camt(NOTIFICATION if b"camt.054.001." in head else STATEMENT)
    if head.startswith(b"{1:") or _MT940.search(head):
        return Mt940()
    if head.startswith((b"{", b"[")):
        return BankJson()
    return BankCsvFormat(find_table(content, list(policy.csv.values())))


class _Growing:
    def __init__(self, statement: Statement, document: Document, *, first: bool) -> None:
        self._statement = statement
        self._first = first
        self._document = document
        self._entries: list[Entry] = []
        self._rejections: list[Rejection] = []
        self._keys: list[str] = []

    @property
    def is_full(self) -> bool:
        return len(self._entries) + len(self._rejections) >= AT_ONCE

    def add(self, told: Told) -> None:
        statement = self._statement
        key = f"{statement.account}/{statement.sequence}/{told.number}"
        if statement.format != "camt.053":
            key = f"{statement.format} {key}"
        refusal = self._refusal(told.entry)
        if isinstance(told.entry, Entry) and refusal is None:
            self._entries.append(told.entry)
            self._keys.append(key)
        elif refusal is not None:
            alone = Raw(place_of_entry(self._document.place, told.number), told.alone())
            self._rejections.append(Rejection(alone, refusal.en, refusal.zh, refusal.field, key))

    def done(self, *, last: bool) -> Part:
        told = tuple(self._entries), tuple(self._rejections), tuple(self._keys)
        return Part(self._statement, *told, last=last, first=self._first)

    def _refusal(self, entry: Entry | NotAStatement) -> NotAStatement | None:
        if isinstance(entry, NotAStatement):
            return entry
        if entry.booked_on > self._document.latest:
            day = entry.booked_on.isoformat()
            return NotAStatement(f"booked on {day}, which is yet to come", f"记账日期 {day} 在未来", "booked_on")
        return in_other_currency(entry, self._statement)


def place_of_entry(place: str, number: int) -> str:
    """Of an entry that is put aside alone."""
    return f"{place}, entry {number}"


def is_entry(place: str) -> bool:
    return _ENTRY.search(place) is not None


def in_other_currency(entry: Entry, statement: Statement) -> NotAStatement | None:
    told, agreed = entry.currency, statement.currency
    if told == agreed:
        return None
    return NotAStatement(f"currency {told} in a {agreed} account", f"账户币种 {agreed}，明细币种 {told}", "currency")
