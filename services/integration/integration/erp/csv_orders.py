"""Rows of one order in an ERP's CSV are its lines: one record, or none when a line may be missing (N1.1, N1.2).

A file is read twice: what spoils an order may stand after rows of it that a page has already handed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from integration.erp.csv_rules import LINES
from integration.erp.record_rules import MOST_LINES


@dataclass(frozen=True)
class Fault:
    en: str
    zh: str


LACKS_CELLS = Fault("the row lacks cells", "该行缺少单元格")


@dataclass(frozen=True)
class CsvRow:
    """`key`: what stands in the cell that names the record.

    `record` is None for a row that lacks cells: which field a cell belongs to is then not certain.
    """

    number: int
    text: str
    key: str
    record: dict[str, Any] | None
    fault: Fault | None = None

    @property
    def version(self) -> Any:
        return (self.record or {}).get("Version")

    @property
    def lines(self) -> list[Any]:
        lines: list[Any] = (self.record or {}).get(LINES, [])
        return lines


def faults_of(rows: Iterable[CsvRow]) -> dict[str, Fault]:
    """By order, why none of its rows may be taken."""
    survey = _Survey()
    for row in rows:
        survey.add(row)
    return survey.faults


def orders_of(rows: Iterable[CsvRow], faults: dict[str, Fault]) -> Iterator[CsvRow]:
    """One row for the rows of an order that follow each other. Of a spoiled order each such part carries its fault."""
    held: CsvRow | None = None
    for row in rows:
        if held is not None and _continues(held, row):
            if held.record is not None and held.fault is None and row.lines:
                held.record.setdefault(LINES, []).extend(row.lines)
            continue
        if held is not None:
            yield held
        held = row if row.record is None else CsvRow(row.number, row.text, row.key, row.record, faults.get(row.key))
    if held is not None:
        yield held


def _continues(held: CsvRow, row: CsvRow) -> bool:
    return bool(row.key) and row.key == held.key and held.record is not None and row.record is not None


@dataclass
class _Survey:
    """`begun`: the row where each order begins. `last`: the order that the row before belongs to."""

    faults: dict[str, Fault] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    last: str = ""
    version: Any = None
    lines: int = 0

    def add(self, row: CsvRow) -> None:
        if not row.key and row.record is not None and not row.lines:
            self.last = ""
        elif row.key and row.key != self.last:
            self._begin(row)
        if self.last:
            self.lines += len(row.lines)
            fault = self._fault_of(row)
            if fault is not None:
                self.faults.setdefault(self.last, fault)

    def _begin(self, row: CsvRow) -> None:
        self.last, self.version, self.lines = row.key, row.version, 0
        first = self.begun.setdefault(row.key, row.number)
        if first != row.number:
            en = f"order {row.key} begins in row {first} and again in row {row.number}: its rows must follow each other"
            zh = f"订单 {row.key} 从第 {first} 行开始，又在第 {row.number} 行再次出现：同一订单的各行必须连续"
            self.faults.setdefault(row.key, Fault(en, zh))

    def _fault_of(self, row: CsvRow) -> Fault | None:
        order, number = self.last, row.number
        if row.record is None:
            return Fault(f"row {number} of order {order} lacks cells", f"订单 {order} 的第 {number} 行缺少单元格")
        if not row.key:
            return Fault(
                f"row {number} names no order and may be a line of order {order}",
                f"第 {number} 行没有订单号，可能是订单 {order} 的一行",
            )
        if row.version not in (None, self.version):
            return Fault(
                f"row {number} has another version than order {order} before it",
                f"第 {number} 行的版本号与订单 {order} 前面各行不同",
            )
        if self.lines > MOST_LINES:
            return Fault(f"order {order} has more than {MOST_LINES} lines", f"订单 {order} 超过 {MOST_LINES} 行明细")
        return None
