"""Bank statements and their entries, and whether they are complete (N1.3, N2.2)."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
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
    """`sequence`: its place in the account's chain of this format. `until`: end of the time it covers.

    `first_sequence`: the first number it covers, None when the source doesn't number and balances alone chain.
    `chained`: it has balances; a notification (camt.054) has none and proves nothing.
    """

    bank: str
    account: str
    format: str
    first_sequence: int | None
    sequence: int
    reference: str
    currency: str
    opening_fen: int
    closing_fen: int
    until: datetime
    chained: bool = True


@dataclass(frozen=True)
class Booked:
    """A statement as we hold it, with the sum of the entries we hold of it.

    `numbered`: the source numbers its statements; `first_sequence` only when it covers several numbers.
    `repeated_fen`: of its entries, what an earlier statement had told already (overlapping statements).
    `restarts`: numbers begin anew each year, at a multiple of this; 0 when they never do.
    """

    sequence: int
    opening_fen: int
    closing_fen: int
    entries_fen: int
    until: datetime
    first_sequence: int | None = None
    numbered: bool = True
    repeated_fen: int = 0
    restarts: int = 0

    @property
    def first(self) -> int:
        return self.sequence if self.first_sequence is None else self.first_sequence

    def follows(self, last: int) -> bool:
        """No number is left out between the two."""
        if not self.numbered or self.first <= last + 1:
            return True
        return bool(self.restarts) and self.first // self.restarts > last // self.restarts and self._is_first_of_year

    @property
    def _is_first_of_year(self) -> bool:
        return self.first % self.restarts == 1


@dataclass(frozen=True)
class Continuity:
    """`proved_sequence`, `closing_fen` and `until` belong to the last statement before the first hole."""

    proved_sequence: int
    closing_fen: int | None
    until: datetime | None
    holes: tuple[Hole, ...]


@dataclass(frozen=True)
class Chain:
    """What one format proves of an account. `last_until`: end of its latest statement, proved or not."""

    found: Continuity
    until: datetime | None
    last_until: datetime | None

    def covers(self, other: Chain) -> bool:
        if self.found.holes or self.until is None or other.last_until is None:
            return False
        return self.until >= other.last_until


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


# What banks write where there is no reference.
_NO_REFERENCE = {"", "NOTPROVIDED", "NONREF", "NOREF", "N/A"}
_LONGEST_IN_MT940 = 16


def day(entry: Entry) -> date:
    """The day by which an entry is recognised in another format."""
    return entry.value_on or entry.booked_on


# Formats that don't say of every reversal that it is one.
VAGUE_OF_REVERSALS = frozenset({"csv"})


def likeness(told: Entry, known: Entry, *, by_reversal: bool = True) -> int:
    """How surely two entries of one account, told in different formats, are one transaction; 0: they are two (N1.3).

    Amount, direction, currency and value date must agree. References decide when both have them; the bank's own is
    the surest. Without references the other party's name must not contradict.
    `by_reversal`: False when one of the formats can't tell a reversal from a booking of the other side.
    """
    same = ("amount_fen", "credit", "currency", *(["reversal"] if by_reversal else []))
    if any(getattr(told, each) != getattr(known, each) for each in same) or day(told) != day(known):
        return 0
    if _same_reference(told.bank_reference, known.bank_reference):
        return 4
    ends = _same_reference(told.end_to_end_id, known.end_to_end_id)
    if ends is not None:
        return 3 if ends else 0
    if told.serial == known.serial:
        return 3
    names = [_plain(each.payer_name) for each in (told, known)]
    if all(names):
        return 2 if names[0] == names[1] else 0
    return 0 if _same_reference(told.bank_reference, known.bank_reference) is False else 1


def twins(told: Sequence[Entry], known: Sequence[Entry], vague: Collection[int] = ()) -> dict[int, int]:
    """Which of the known entries each told one is: the surest pairs first, each known entry once.

    `vague`: indexes of known entries that are not told apart by being a reversal.
    """
    alike: defaultdict[tuple[int, bool, date], list[int]] = defaultdict(list)
    for index, each in enumerate(known):
        alike[each.amount_fen, each.credit, day(each)].append(index)
    pairs = [
        (-likeness(entry, known[other], by_reversal=other not in vague), index, other)
        for index, entry in enumerate(told)
        for other in alike.get((entry.amount_fen, entry.credit, day(entry)), ())
    ]
    found: dict[int, int] = {}
    for unlike, index, other in sorted(pairs):
        if unlike and index not in found and other not in found.values():
            found[index] = other
    return found


def completed(known: Entry, told: Entry) -> Entry:
    """What another format tells beside: only what was not known yet."""
    gaps = ("value_on", "payer_name", "payer_account", "credited_account", "remark", "end_to_end_id", "bank_reference")
    filled = {name: getattr(known, name) or getattr(told, name) for name in gaps}
    return replace(known, **filled, reversal=known.reversal or told.reversal)


def recounted(known: Entry, told: Entry) -> Entry:
    """What a correction in another format than the first one changes: the money, not the words."""
    return replace(
        known, amount_fen=told.amount_fen, credit=told.credit, reversal=told.reversal, currency=told.currency
    )


def _same_reference(one: str, other: str) -> bool | None:
    """None when one of them is not given. MT940 cuts references off after 16 characters."""
    if one in _NO_REFERENCE or other in _NO_REFERENCE:
        return None
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) == _LONGEST_IN_MT940 and long.startswith(short))


def _plain(name: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", name).casefold() if each.isalnum())


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


def reached(chains: Sequence[Chain], before: datetime | None, now: datetime) -> tuple[datetime | None, list[Hole]]:
    """Until when an account is proved by its formats together, and the holes that count.

    Each format tells of everything, so the one that proves furthest holds; a hole of another that ends before is
    filled by it. Nothing is proved beyond now, whatever a statement says of itself.
    """
    until = max((each.until for each in chains if each.until), default=None)
    holes = [
        hole
        for each in chains
        for hole in each.found.holes
        if not any(other.covers(each) for other in chains if other is not each)
    ]
    ends = [min(at, now) for at in (until, before) if at is not None]
    return max(ends, default=None), holes


def _holes_between(account: str, last: Booked | None, this: Booked) -> Sequence[Hole]:
    if last is None:
        return ()
    apart = this.opening_fen + this.repeated_fen - last.closing_fen
    if not this.follows(last.sequence):
        first, final = last.sequence + 1, this.first - 1
        number = str(first) if first == final else f"{first}–{final}"
        missing = _yuan(apart)
        return (
            Hole(
                f"account {account}: statement {number} missing, {missing} unaccounted for",
                f"账户 {account}：缺少第 {number} 号对账单，差额 {missing} 元",
            ),
        )
    if apart:
        gap = _yuan(apart)
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
