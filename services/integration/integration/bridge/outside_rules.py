"""A figure from outside against the bank's rows: which of its rows are which money, and what nothing backs (N7.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from integration.bridge.rules import Credit, Reason, Row
from integration.receipts.by_hand_rules import key_of


@dataclass(frozen=True)
class OutsideRow:
    number: int
    booked_on: date
    serial: str
    fen: int
    payer_name: str


@dataclass(frozen=True)
class Outside:
    """`rows` is empty when only a total was told."""

    name: str
    total_fen: int
    rows: tuple[OutsideRow, ...]


@dataclass(frozen=True)
class Matched:
    """`listed`: entry ids that the figure names. `odd`: what it counts and no bank row backs."""

    listed: frozenset[str]
    odd: tuple[Row, ...]


def match(outside: Outside, credits: Sequence[Credit], proved_until: date | None) -> Matched:
    """Each credit is named by one row at most: first by serial, then by amount, day and payer, then without payer.

    `proved_until`: the bank's data are complete before this day. What the bank may still tell is unsynchronised, what
    it has not told although it has told all is manual.
    """
    pairs = _pairs(outside.rows, credits)
    odd = [_unbacked(each, proved_until) for each in outside.rows if each.fen and each.number not in pairs]
    odd += [_differs(each, pairs[each.number]) for each in outside.rows if _is_other(each, pairs)]
    lump = outside.total_fen - sum(each.fen for each in outside.rows)
    if outside.rows and lump:
        odd.append(_lump(outside, lump))
    return Matched(frozenset(each.entry_id for each in pairs.values()), tuple(odd))


def unexplained(outside: Outside, ours_fen: int) -> Row | None:
    """Of a total without rows: what is not the bank's money of the period."""
    lump = outside.total_fen - ours_fen
    return _lump(outside, lump) if lump else None


def _pairs(rows: Sequence[OutsideRow], credits: Sequence[Credit]) -> dict[int, Credit]:
    found: dict[int, Credit] = {}
    free = {each.entry_id: each for each in credits}
    for keys_of_row, keys_of_credit in _WAYS:
        known: defaultdict[object, list[Credit]] = defaultdict(list)
        for credit in free.values():
            for key in keys_of_credit(credit):
                known[key].append(credit)
        for row in rows:
            if row.number in found:
                continue
            chosen = next((c for key in keys_of_row(row) for c in known.get(key, ()) if c.entry_id in free), None)
            if chosen is not None:
                found[row.number] = free.pop(chosen.entry_id)
    return found


def _by_serial_and_day(row: OutsideRow) -> Iterable[object]:
    return [(key_of(row.serial), row.booked_on)] if key_of(row.serial) else []


def _by_serial_and_amount(row: OutsideRow) -> Iterable[object]:
    return [(key_of(row.serial), row.fen)] if key_of(row.serial) else []


def _references(credit: Credit) -> set[str]:
    return {key_of(each) for each in (credit.serial, credit.bank_reference)} - {""}


_WAYS = (
    (_by_serial_and_day, lambda credit: [(each, credit.booked_on) for each in _references(credit)]),
    (_by_serial_and_amount, lambda credit: [(each, credit.fen) for each in _references(credit)]),
    (
        lambda row: [(row.fen, row.booked_on, key_of(row.payer_name))],
        lambda credit: [(credit.fen, credit.booked_on, key_of(credit.payer_name))],
    ),
    (lambda row: [(row.fen, row.booked_on)], lambda credit: [(credit.fen, credit.booked_on)]),
)


def _is_other(row: OutsideRow, pairs: dict[int, Credit]) -> bool:
    return row.number in pairs and pairs[row.number].fen != row.fen


def _unbacked(row: OutsideRow, proved_until: date | None) -> Row:
    missing = proved_until is None or row.booked_on >= proved_until
    reason = Reason.UNSYNCHRONISED if missing else Reason.MANUAL
    en = "the bank's data do not reach this day" if missing else "no bank row is like it"
    zh = "银行数据尚未覆盖该日" if missing else "银行无对应流水"
    return Row(reason, row.fen, 0, "", row.serial, row.booked_on, None, row.payer_name, "", en, zh)


def _differs(row: OutsideRow, credit: Credit) -> Row:
    en, zh = "entered with another amount than the bank's", "录入金额与银行不一致"
    off = row.fen - credit.fen
    return Row(
        Reason.MANUAL, off, 0, credit.entry_id, credit.serial, credit.booked_on, None, credit.payer_name, "", en, zh
    )


def _lump(outside: Outside, fen: int) -> Row:
    en, zh = f"{outside.name}: a total that no row backs", f"{outside.name}：合计中无明细支持的部分"
    return Row(Reason.MANUAL, fen, 0, note=en, note_zh=zh)
