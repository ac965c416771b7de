"""Receipt lines of the points of sale (小票明细): what a good one is, and which word on a line counts (N1.1, N1.3).

A line is known by store, receipt number and line number. A line that comes again is a repetition, and with another
content a correction when its version is not older than the one held.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

COLUMNS = ("store", "receipt_no", "line", "version", "sold_at", "region", "category", "sku", "units", "amount")
IDENTITY = ("store", "receipt_no", "line_no")
# In the order in which they are copied.
KEPT = (*IDENTITY, "version", "day", "region", "category", "sku", "units", "amount_fen")
_TEXTS = ("store", "receipt_no", "region", "category", "sku")
_LONGEST = 60
# A return (退货) has both below zero. Digits are named: \d would be any of Unicode.
_WHOLE = r"^-?[0-9]{1,9}$"
_COUNT = r"^[0-9]{1,9}$"
_AMOUNT = r"^-?[0-9]{1,13}(\.[0-9]{1,2})?$"


def missing_columns(heading: Sequence[str]) -> list[str]:
    return [name for name in COLUMNS if name not in heading]


def judged(lines: pl.DataFrame, today: date) -> pl.DataFrame:
    """`lines`: texts under COLUMNS. Adds what each says in the names of KEPT, and its `problem`: a field, or empty."""
    said = lines.with_columns(
        pl.col("sold_at").str.to_datetime("%+", strict=False, time_zone="UTC").dt.convert_time_zone("Asia/Shanghai")
        .dt.date().alias("day"),
        *(pl.col(name).str.strip_chars() for name in _TEXTS),
    )  # fmt: skip
    found = [pl.when(test).then(pl.lit(field)) for test, field in _tests(today)]
    return said.with_columns(pl.coalesce(*found, pl.lit("")).alias("problem")).with_columns(
        pl.col("line").cast(pl.Int64, strict=False).alias("line_no"),
        pl.col("version").cast(pl.Int64, strict=False),
        pl.col("units").cast(pl.Int64, strict=False),
        (pl.col("amount").cast(pl.Decimal(18, 2), strict=False) * 100).cast(pl.Int64, strict=False).alias("amount_fen"),
    )


def newest(good: pl.DataFrame) -> pl.DataFrame:
    """Of each line the highest version, of equal ones the last."""
    return good.sort("version", maintain_order=True).unique(IDENTITY, keep="last", maintain_order=True).select(KEPT)


def words_for(field: str) -> tuple[str, str]:
    """Why a line with this problem can't be taken."""
    if field == "sold_at":
        return "sold_at is no instant with an offset, or lies in the future", "sold_at 不是带时区的时间，或晚于当前时间"
    return f"{field} can't be read as agreed", f"{field} 的内容不符合约定"


def _tests(today: date) -> list[tuple[pl.Expr, str]]:
    texts = [(_not_a_text(name), name) for name in _TEXTS]
    numbers = {"line": _COUNT, "version": _COUNT, "units": _WHOLE, "amount": _AMOUNT}
    wrong = [(~pl.col(name).str.contains(pattern), name) for name, pattern in numbers.items()]
    day = pl.col("day")
    return [*texts, *wrong, (day.is_null() | (day > today + timedelta(days=1)), "sold_at")]


def _not_a_text(name: str) -> pl.Expr:
    text = pl.col(name)
    return (text == "") | (text.str.len_chars() > _LONGEST) | text.str.contains("\x00", literal=True)
