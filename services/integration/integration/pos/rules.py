"""Sales of past months from the points of sale: what a good row is, and what is told on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from chassis.kernel.money import Money

COLUMNS = ("date", "region", "category", "sku", "units", "amount")
KEYS = ("day", "region", "category", "sku")
# Digits are named: in a pattern of polars \d is any digit of Unicode, such as a full-width one.
_AMOUNT = r"^[0-9]{1,13}(\.[0-9]{1,2})?$"
_UNITS = r"^[0-9]{1,12}$"


@dataclass(frozen=True)
class PosSalesLine:
    category: str
    sku: str
    units: int
    amount: Money


@dataclass(frozen=True)
class PosSalesLoaded:
    """All lines of one region and month, as they are now."""

    load_id: str
    region: str
    month: str
    lines: tuple[PosSalesLine, ...]


def judged(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Each row with what it says (`day`, `u`, `f` in fen) and its `problem`, empty when it is fine."""
    return raw.select("row", *COLUMNS).with_columns(*_parsed(), _problem())


def _parsed() -> list[pl.Expr]:
    yuan = pl.col("amount").cast(pl.Decimal(18, 2), strict=False)
    return [
        pl.col("date").str.to_date("%Y-%m-%d", strict=False).alias("day"),
        pl.col("units").cast(pl.Int64, strict=False).alias("u"),
        (yuan * 100).cast(pl.Int64, strict=False).alias("f"),
    ]


def _problem() -> pl.Expr:
    """The first thing that is wrong with a row, in words; empty when it is fine."""
    tests: Sequence[tuple[pl.Expr, str]] = (
        (pl.col("date").str.to_date("%Y-%m-%d", strict=False).is_null(), "date is not a day YYYY-MM-DD"),
        (_blank("region"), "region is empty"),
        (_blank("category"), "category is empty"),
        (_blank("sku"), "sku is empty"),
        (~_matches("units", _UNITS), "units is not a whole number from 0"),
        (~_matches("amount", _AMOUNT), "amount is not an amount from 0 with at most two decimals"),
    )
    found = [pl.when(test).then(pl.lit(words)) for test, words in tests]
    return pl.coalesce(*found, pl.lit("")).alias("problem")


def _blank(name: str) -> pl.Expr:
    return pl.col(name).fill_null("").str.strip_chars() == ""


def _matches(name: str, pattern: str) -> pl.Expr:
    return pl.col(name).fill_null("").str.contains(pattern)
