"""A bank's CSV export, in UTF-8 or GB18030, by the layout that the policy holds for the bank.

Exports have no number and may overlap: they chain by the running balance. Rows may run from the newest to the oldest.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import BinaryIO

from chassis.kernel.calendar import SHANGHAI
from integration.receipts.csv_rows import csv_rows
from integration.receipts.encodings import encoding_of
from integration.receipts.place_rules import place_of
from integration.receipts.policy import BankCsv
from integration.receipts.reading import NotAStatement, Survey, Told, fen_of, missing, single_line
from integration.receipts.rules import Entry, Statement

# Lines above the table: title, account, period.
MOST_ABOVE = 30
_FORMATS = (
    "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d-%H.%M.%S",
    "%Y%m%d %H%M%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日",
)  # fmt: skip
_AMOUNT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d{1,2}0*)?")
Row = dict[str, str]


@dataclass(frozen=True)
class Table:
    """Where the table begins: `header` is what its first line says, `above` what stands over it."""

    layout: BankCsv
    encoding: str
    header: tuple[str, ...]
    above: tuple[str, ...]


@dataclass
class _Ends:
    """What the first reading keeps: the rows at both ends, and the days between which all lie."""

    first: tuple[int, int] | None = None  # signed amount and balance of the first row
    last: tuple[int, int] | None = None
    newest_first: bool | None = None
    account: str = ""
    currency: str = ""
    earliest: datetime | None = None
    latest: datetime | None = None

    def see(self, row: _Row) -> None:
        self.account = self.account or row.account
        self.currency = self.currency or row.currency
        if (row.account or self.account) != self.account:
            raise NotAStatement("the file names more than one account", "文件包含多个账号", "account")
        if row.balance is not None:
            self._order(row.signed, row.balance)
        self.earliest = row.at if self.earliest is None else min(self.earliest, row.at)
        self.latest = row.at if self.latest is None else max(self.latest, row.at)

    def _order(self, signed: int, balance: int) -> None:
        if self.first is None or self.last is None:
            self.first = self.last = (signed, balance)
            return
        if self.newest_first is None:
            oldest = balance == self.last[1] + signed
            newest = self.last[1] == balance + self.last[0]
            self.newest_first = newest if oldest != newest else None
        self.last = (signed, balance)

    @property
    def balances(self) -> tuple[int, int]:
        """Opening and closing."""
        if self.first is None or self.last is None:
            return 0, 0
        old, new = (self.last, self.first) if self.newest_first else (self.first, self.last)
        return old[1] - old[0], new[1]


class _Row:
    """One row by the names of the layout. Raises NotAStatement."""

    def __init__(self, cells: Row, layout: BankCsv) -> None:
        self._cells = cells
        self._layout = layout
        self.account = re.sub(r"\s", "", self._of(layout.account))
        told = self._of(layout.currency)
        self.currency = layout.currency_words.get(told, told) or layout.default_currency
        self.at = _time(self._of(layout.booked_at), self._of(layout.booked_time), layout.booked_at)
        self.signed = self._signed()
        self.balance = _fen(self._of(layout.balance), layout.balance) if layout.balance else None

    def entry(self) -> Entry:
        layout, day = self._layout, self.at.astimezone(SHANGHAI).date()
        value = self._of(layout.value_on)
        return Entry(
            serial=self._of(layout.serial) or f"{self.at:%H%M%S}/{self.signed}/{self.balance}",
            booked_on=day,
            value_on=_time(value, "", layout.value_on).astimezone(SHANGHAI).date() if value else day,
            credit=self.signed > 0 or (not self.signed and self._direction),
            reversal=self._in_red,
            amount_fen=abs(self.signed),
            currency=self.currency,
            payer_name=self._of(layout.counterparty_name),
            payer_account=self._of(layout.counterparty_account),
            credited_account=self._of(layout.credited_account) if self.signed > 0 else "",
            remark=" ".join(filter(None, map(self._of, layout.remark))),
            end_to_end_id=self._of(layout.end_to_end_id),
            bank_reference=self._of(layout.reference),
        )

    def _of(self, column: str) -> str:
        return single_line(self._cells.get(column, "").replace("\x00", "")).strip("'\"= ")

    def _signed(self) -> int:
        """Money in is positive. A negative figure where the side is told is a reversal (红字), so of the other side."""
        layout = self._layout
        if not layout.amount:
            money_in, money_out = (_fen(self._of(each) or "0", each) for each in (layout.credit, layout.debit))
            if money_in and money_out:
                raise NotAStatement("money in and out in one row", "同一行既有借方又有贷方发生额", layout.credit)
            self._direction, self._in_red = not money_out, min(money_in, money_out) < 0
            return money_in - money_out
        fen = _fen(self._of(layout.amount), layout.amount)
        if not layout.direction:
            return fen
        word = self._of(layout.direction)
        if word not in (*layout.credit_words, *layout.debit_words):
            raise missing(layout.direction)
        self._direction, self._in_red = word in layout.credit_words, fen < 0
        return fen if self._direction else -fen

    # The side that the row names; of a figure of nothing it is all there is.
    _direction = True
    _in_red = False


class BankCsvFormat:
    def __init__(self, table: Table) -> None:
        self._table = table
        self._layout = table.layout

    def survey(self, content: BinaryIO) -> Survey:
        ends, readable = _Ends(), 0
        for _, cells in self._rows(content):
            try:
                ends.see(_Row(cells, self._layout))
                readable += 1
            except NotAStatement as failure:
                if failure.field == "account":
                    raise
        account = ends.account or self._account_above()
        if not account:
            raise missing("account")
        if not readable or ends.earliest is None or ends.latest is None:
            raise NotAStatement("the file holds no row that can be read", "文件中没有可读取的明细")
        shape = frozenset(f"{self._layout.bank}.{name}" for name in self._table.header)
        return Survey((self._statement(account, ends, ends.earliest, ends.latest),), shape)

    def entries(self, content: BinaryIO, survey: Survey) -> Iterator[Told]:
        for number, cells in self._rows(content):
            alone = partial(self._alone, cells)
            try:
                yield Told(0, number, _Row(cells, self._layout).entry(), alone)
            except NotAStatement as failure:
                yield Told(0, number, failure, alone)

    def _statement(self, account: str, ends: _Ends, earliest: datetime, latest: datetime) -> Statement:
        opening, closing = ends.balances
        first, last = (each.astimezone(SHANGHAI).date() for each in (earliest, latest))
        return Statement(
            bank=self._layout.bank,
            account=account,
            format="csv",
            first_sequence=None,
            sequence=place_of(first, last),
            reference=f"{first}/{last}",
            currency=ends.currency,
            opening_fen=opening,
            closing_fen=closing,
            until=latest,
            chained=bool(self._layout.balance),
        )

    def _account_above(self) -> str:
        pattern = self._layout.account_above
        found = re.search(pattern, "\n".join(self._table.above)) if pattern else None
        return found.group(1) if found else ""

    def _rows(self, content: BinaryIO) -> Iterator[tuple[int, Row]]:
        """Rows with their numbers. A last row without all its cells is where the file was cut: raises NotAStatement."""
        lines = csv_rows(content, self._table.encoding, self._layout.delimiter)
        for _ in range(len(self._table.above) + 1):
            next(lines)
        header = self._table.header
        short: tuple[int, list[str]] | None = None
        for number, cells in enumerate(lines, start=1):
            if short is not None:
                yield short[0], dict(zip(header, short[1], strict=False))
            short = None
            if self._is_beside(cells):
                continue
            if len(cells) < len(header):
                short = number, cells
            else:
                yield number, dict(zip(header, cells, strict=False))
        if short is not None:
            raise NotAStatement(f"the file breaks off in row {short[0]}", f"文件在第 {short[0]} 行中断")

    def _is_beside(self, cells: Sequence[str]) -> bool:
        text = "".join(cells).strip()
        return not text or text.startswith(self._layout.footers)

    def _alone(self, cells: Row) -> str:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self._layout.delimiter, lineterminator="\n")
        out.write("".join(f"{line}\n" for line in self._table.above))
        writer.writerow(self._table.header)
        writer.writerow([cells.get(name, "") for name in self._table.header])
        return out.getvalue()


def find_table(content: BinaryIO, layouts: Sequence[BankCsv]) -> Table:
    """Raises NotAStatement when no layout knows the columns."""
    encoding = encoding_of(content)
    known = sorted(layouts, key=lambda each: -len(each.columns))
    for layout in known:
        above: list[str] = []
        for cells in csv_rows(content, encoding, layout.delimiter):
            names = tuple(each.strip().strip("\ufeff") for each in cells)
            if layout.columns <= set(names):
                return Table(layout, encoding, names, tuple(above))
            above.append(layout.delimiter.join(cells))
            if len(above) > MOST_ABOVE:
                break
    raise NotAStatement("no known statement format, and no bank's CSV layout has these columns", "无法识别的对账单格式")


def _fen(text: str, field: str) -> int:
    plain = text.replace("￥", "").replace("¥", "").strip()
    if not _AMOUNT.fullmatch(plain):
        raise NotAStatement(f"{field}: {text[:40]} is no amount", f"{field}：{text[:40]} 不是有效金额", field)
    return fen_of(str(Decimal(plain.replace(",", ""))), field)


@lru_cache(maxsize=4096)
def _time(text: str, clock: str, field: str) -> datetime:
    whole = f"{text} {clock}".strip()
    for each in _FORMATS:
        try:
            return datetime.strptime(whole, each).replace(tzinfo=SHANGHAI).astimezone(UTC)
        except ValueError:
            continue
    raise NotAStatement(f"{field}: {whole[:40]} is no date", f"{field}：{whole[:40]} 不是有效日期", field)
