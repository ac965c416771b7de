"""What every statement format has in common: how a document is read, and how it is refused.

A document is read twice, from a seekable file and never as a whole: first its statements with their balances, which
shows whether it is whole, then its entries. So a file that breaks off gives nothing, and memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, Protocol

from chassis.kernel.calendar import SHANGHAI
from integration.receipts.rules import Entry, Statement

DECODED = 64 * 1024


class NotAStatement(ValueError):
    """Says why in both languages and where."""

    def __init__(self, en: str, zh: str, field: str = "") -> None:
        super().__init__(en)
        self.en, self.zh, self.field = en, zh, field


@dataclass(frozen=True)
class Survey:
    """The first reading. `shape`: paths of what was seen, for the schema fingerprint."""

    statements: tuple[Statement, ...]
    shape: frozenset[str]


@dataclass(frozen=True)
class Told:
    """One entry of the second reading, or why it can't be read.

    `number`: its place in the statement. `alone`: a document of the same format that holds this entry alone, so that
    it can be replayed.
    """

    statement: int
    number: int
    entry: Entry | NotAStatement
    alone: Callable[[], str]


class Format(Protocol):
    """Both readings start at the beginning of the file and raise NotAStatement."""

    def survey(self, content: BinaryIO) -> Survey: ...

    def entries(self, content: BinaryIO, survey: Survey) -> Iterator[Told]: ...


def missing(field: str) -> NotAStatement:
    return NotAStatement(f"{field} is missing or can't be read", f"{field} 缺失或无法读取", field)


def fen_of(text: str, field: str) -> int:
    """Of an amount in yuan, exact, with its sign. Raises NotAStatement."""
    try:
        fen = Decimal(text) * 100
        whole = int(fen)
    except (InvalidOperation, ValueError, OverflowError):
        raise no_amount(text, field) from None
    if fen != whole or abs(whole) >= 10**16 or any(each in text for each in "eE_"):
        raise no_amount(text, field)
    return whole


def no_amount(text: str, field: str) -> NotAStatement:
    return NotAStatement(f"{field}: {text[:40]} is no amount", f"{field}：{text[:40]} 不是有效金额", field)


def day_of(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise NotAStatement(f"{field}: {text[:40]} is no date", f"{field}：{text[:40]} 不是有效日期", field) from None


def instant_of(text: str, field: str) -> datetime:
    """Banks here write local time when they write no offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise missing(field) from None
    return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def single_line(text: str) -> str:
    return " ".join(text.split())
