"""Reads sales from a CSV column-wise, and names every bad row."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from integration.pos.rules import COLUMNS, KEYS, judged

# In a list of problems that a person still reads.
ERRORS_TOLD = 100


class NotSales(ValueError):
    """The file is no such CSV at all."""


@dataclass(frozen=True)
class Sales:
    """`days`: one row per day, region, category and SKU with `units` and `fen`, summed over the file."""

    days: pl.DataFrame
    rows: int
    rejected: int
    errors: tuple[str, ...]


def read_sales(path: str) -> Sales:
    """`path`: UTF-8 CSV with a heading. Raises NotSales.

    Read in the streaming engine, so that ten million rows need no memory of their size.
    """
    try:
        raw = pl.scan_csv(path, infer_schema=False, row_index_name="row", row_index_offset=2)
        missing = [name for name in COLUMNS if name not in raw.collect_schema().names()]
        if missing:
            raise NotSales(f"columns missing: {', '.join(missing)}")
        rows_judged = judged(raw)
        good = rows_judged.filter(pl.col("problem") == "").group_by(KEYS).agg(pl.col("u").sum(), pl.col("f").sum())
        bad = rows_judged.filter(pl.col("problem") != "").select("row", "problem")
        totals = rows_judged.select(pl.len().alias("rows"), (pl.col("problem") != "").sum().alias("rejected"))
        days, problems, counted = pl.collect_all(
            [good.sort(KEYS), bad.sort("row").head(ERRORS_TOLD), totals], engine="streaming"
        )
    except pl.exceptions.PolarsError as failure:
        raise NotSales(_plain(failure)) from None
    rows, rejected = counted.row(0)
    errors = tuple(f"row {row}: {problem}" for row, problem in problems.iter_rows())
    return Sales(days.rename({"u": "units", "f": "fen"}), int(rows), int(rejected), errors)


def _plain(failure: Exception) -> str:
    """The library's own words stay inside."""
    kind = type(failure).__name__
    return "the file is empty" if kind == "NoDataError" else "the file is not a CSV in UTF-8"
