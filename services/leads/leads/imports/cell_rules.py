"""Cells of a table as values, or in words why they can't be read (LD13.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from chassis.errors import InvalidInput, Violation
from chassis.kernel.calendar import instant, local_date
from chassis.kernel.money import Money
from leads.lead.rules import Grade

T = TypeVar("T")

# Fen are kept as int64.
_MOST_FEN = 2**63 - 1
_MOST_PLACES = 18
_HOUR_DIGITS = 4
_FORMULA_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
_YES, _NO = {"是", "y", "yes", "true", "1"}, {"否", "n", "no", "false", "0"}
_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?", re.ASCII)


class CellProblem(ValueError):
    """One cell that can't be read, in words for people."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


class Reader:
    """Reads a cell that is not empty, or notes why it can't be read."""

    def __init__(self, values: Mapping[str, str], problems: list[Violation]) -> None:
        self._values = values
        self._problems = problems

    def __call__(self, field: str, parse: Callable[[str], T]) -> T | None:
        value = self._values.get(field, "")
        if not value:
            return None
        try:
            return parse(value)
        except CellProblem as problem:
            self._problems.append(Violation(field, problem.en, problem.zh))
        return None


def cell_values(cells: Sequence[str], columns: Mapping[str, int], width: int) -> dict[str, str]:
    """Field → what its cell holds. Raises InvalidInput for a row that is wider than the headings."""
    if len(cells) > width:
        en, zh = f"has {len(cells)} cells, the headings only {width}.", f"有 {len(cells)} 列，标题只有 {width} 列。"
        raise InvalidInput.of(Violation("row", en, zh))
    return {field: cells[at].strip() if at < len(cells) else "" for field, at in columns.items()}


def too_long(values: Mapping[str, str], longest: Mapping[str, int]) -> list[Violation]:
    return [
        Violation(field, f"is longer than {most} characters.", f"超过 {most} 个字符。")
        for field, most in longest.items()
        if len(values.get(field, "")) > most
    ]


def formula_errors(values: Mapping[str, str]) -> list[Violation]:
    """What a spreadsheet shows where a formula went wrong is nobody's name or number."""
    return [
        Violation(field, f"holds “{value}”: a formula went wrong.", f"公式出错，单元格为“{value}”。")
        for field, value in values.items()
        if value in _FORMULA_ERRORS
    ]


def day(value: str) -> date:
    """2024-03-01, 2024/3/1, 20240301 or 2024年3月1日; a time of day behind it is left out."""
    read = _DAY.fullmatch(re.split(r"[ T]", value, maxsplit=1)[0])
    try:
        return date(*(int(each) for each in read.groups())) if read else _no_day(value)
    except ValueError:
        return _no_day(value)


def moment(value: str) -> datetime:
    """A day with the time of day in Shanghai behind it; noon where none is told."""
    parts = re.split(r"[ T]+", value, maxsplit=1)
    on = day(parts[0])
    if len(parts) == 1:
        return instant(on, time(12, 0))
    read = _CLOCK.fullmatch(parts[1])
    try:
        hour, minute, second = (int(each or 0) for each in read.groups()) if read else (24, 0, 0)
        return instant(on, time(hour, minute, second))
    except ValueError:
        raise CellProblem(f"“{value}” is no day with a time.", f"“{value}”不是有效的日期时间。") from None


def past(field: str, at: datetime | None, now: datetime) -> list[Violation]:
    """What has not happened yet is no history."""
    if at is None or local_date(at) <= local_date(now):
        return []
    return [Violation(field, "lies in the future.", "不能是将来的时间。")]


def _no_day(value: str) -> date:
    raise CellProblem(f"“{value}” is no day.", f"“{value}”不是有效日期。")


def grade(value: str) -> Grade:
    letter = value.upper().removesuffix("级")
    if letter not in {each.value for each in Grade}:
        raise CellProblem(f"“{value}” is no grade: A, B or C.", f"“{value}”不是有效等级，应为 A、B 或 C。")
    return Grade(letter)


def number(value: str) -> float:
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise CellProblem(f"“{value}” is no number.", f"“{value}”不是数字。")
    return float(number)


def hours(value: str) -> int:
    if len(value) > _HOUR_DIGITS or not value.isascii() or not value.isdigit() or int(value) > 8760:
        en = f"“{value}” is no number of hours (0 to 8760)."
        raise CellProblem(en, f"“{value}”不是有效的小时数（0 至 8760）。")
    return int(value)


def money(value: str) -> Money:
    try:
        amount = Money.of(_yuan(value.replace(",", "").replace("，", "").removeprefix("¥").removesuffix("元")))
    except (ArithmeticError, ValueError):
        raise CellProblem(f"“{value}” is no amount.", f"“{value}”不是有效金额。") from None
    if amount.fen < 0:
        raise CellProblem("must not be negative.", "不能为负数。")
    if amount.fen > _MOST_FEN:
        raise CellProblem(f"“{value}” is too large an amount.", f"金额“{value}”过大。")
    return amount


def _yuan(plain: str) -> Decimal:
    """Raises ArithmeticError, and ValueError for exponents whose digits would take for ever to write out."""
    yuan = Decimal(plain.removesuffix("万")) * (10_000 if plain.endswith("万") else 1)
    if yuan.is_finite() and abs(yuan.adjusted()) > _MOST_PLACES:
        raise ValueError("out of all proportion")
    return yuan


def yes_or_no(value: str) -> bool:
    if value.lower() in _YES | _NO:
        return value.lower() in _YES
    raise CellProblem(f"“{value}” is neither yes nor no.", f"“{value}”应为是或否。")


def chain(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[;；、|/]+", value) if part.strip())[:20]
