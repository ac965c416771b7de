"""Bank statements and their entries, and whether they are complete (N1.3, N2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from chassis.kernel.money import Money
from integration.feeds.rules import Hole


@dataclass(frozen=True)
class Entry:
    """One booking. Identity: bank, account, booking date, serial; everything else may be corrected."""

    serial: str
    booked_on: date
    value_on: date | None
    credit: bool
    reversal: bool
    amount_fen: int
    currency: str
    payer_name: str
    payer_account: str
    credited_account: str
    remark: str
    end_to_end_id: str
    bank_reference: str

    @property
    def signed_fen(self) -> int:
        return self.amount_fen if self.credit else -self.amount_fen


@dataclass(frozen=True)
class Statement:
    """`sequence` grows by one with each statement of an account. `until`: end of the time it covers."""

    bank: str
    account: str
    sequence: int
    reference: str
    currency: str
    opening_fen: int
    closing_fen: int
    until: datetime


@dataclass(frozen=True)
class Booked:
    """A statement as we hold it, with the sum of the entries we hold of it."""

    sequence: int
    opening_fen: int
    closing_fen: int
    entries_fen: int
    until: datetime


@dataclass(frozen=True)
class Continuity:
    """`proved_sequence`, `closing_fen` and `until` belong to the last statement before the first hole."""

    proved_sequence: int
    closing_fen: int | None
    until: datetime | None
    holes: tuple[Hole, ...]


@dataclass(frozen=True)
class Balance:
    fen: int
    at: datetime


@dataclass(frozen=True)
class Correction:
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class ReceiptArrived:
    receipt_id: str
    account: str
    booked_on: date
    amount: Money
    payer_name: str


@dataclass(frozen=True)
class ReceiptCorrected:
    receipt_id: str
    field: str
    before: str
    after: str


def corrections(before: Entry, after: Entry) -> list[Correction]:
    """The same key with other content: one line for each field that differs."""
    found = []
    for each in fields(Entry):
        old, new = getattr(before, each.name), getattr(after, each.name)
        if old != new:
            found.append(Correction(each.name, _words(old), _words(new)))
    return found


def continuity(account: str, statements: Iterable[Booked]) -> Continuity:
    """Opening + entries = closing, each opening is the closing before it, no number is left out (N2.2).

    `statements` in the order of their sequence; the first one is the start, or one that was proved before.
    """
    last: Booked | None = None
    proved: Booked | None = None
    holes: list[Hole] = []
    for each in statements:
        holes += _holes_between(account, last, each)
        holes += _imbalance(account, each)
        last = each
        if not holes:
            proved = each
    if proved is None:
        return Continuity(0, None, None, tuple(holes))
    return Continuity(proved.sequence, proved.closing_fen, proved.until, tuple(holes))


def complete_until(found: Continuity, balance: Balance | None, before: datetime | None) -> datetime | None:
    """Until when an account is proved complete (N2.1).

    To the end of the last statement before a hole. When the bank's balance of the moment equals the last closing,
    nothing is missing up to that moment either. What was proved before stays proved.
    """
    agrees = balance is not None and not found.holes and (found.closing_fen or 0) == balance.fen
    asked = balance.at if balance is not None and agrees else None
    return max((at for at in (found.until, asked, before) if at is not None), default=None)


def _holes_between(account: str, last: Booked | None, this: Booked) -> Sequence[Hole]:
    if last is None:
        return ()
    if this.sequence > last.sequence + 1:
        first, final = last.sequence + 1, this.sequence - 1
        number = str(first) if first == final else f"{first}–{final}"
        missing = _yuan(this.opening_fen - last.closing_fen)
        return (
            Hole(
                f"account {account}: statement {number} missing, {missing} unaccounted for",
                f"账户 {account}：缺少第 {number} 号对账单，差额 {missing} 元",
            ),
        )
    if this.opening_fen != last.closing_fen:
        gap = _yuan(this.opening_fen - last.closing_fen)
        return (
            Hole(
                f"account {account}: statement {this.sequence} opens {gap} away from the closing before it",
                f"账户 {account}：第 {this.sequence} 号对账单期初余额与上期期末余额相差 {gap} 元",
            ),
        )
    return ()


def _imbalance(account: str, this: Booked) -> Sequence[Hole]:
    gap = this.closing_fen - this.opening_fen - this.entries_fen
    if not gap:
        return ()
    return (
        Hole(
            f"account {account}: entries of statement {this.sequence} are {_yuan(gap)} short of its balances",
            f"账户 {account}：第 {this.sequence} 号对账单明细与余额相差 {_yuan(gap)} 元",
        ),
    )


def _yuan(fen: int) -> str:
    return f"{Money(fen).yuan:,.2f}"


def _words(value: object) -> str:
    return "" if value is None else str(value)
