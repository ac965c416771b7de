"""A bridge as a CSV that a spreadsheet opens without running anything (N7.2, P9.1)."""

from __future__ import annotations

import csv
import io
from datetime import date

from integration.bridge.rules import Bridge, Reason, Row

HEADER = (
    "class", "booked_on", "serial", "payer", "contract", "due_on", "figure_a", "figure_b", "difference", "receipt_id",
    "note",
)  # fmt: skip
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(bridge: Bridge, names: tuple[str, str]) -> str:
    """Classes in their order, then the sums. Begins with a byte order mark, by which spreadsheets know UTF-8."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow([*HEADER[:6], *(safe(each) for each in names), *HEADER[8:]])
    for reason in Reason:
        for row in bridge.of(reason):
            write.writerow(_cells(row))
    write.writerow(["total", *[""] * 5, yuan(bridge.a_fen), yuan(bridge.b_fen), yuan(bridge.a_fen - bridge.b_fen)])
    write.writerow(["residual", *[""] * 7, yuan(bridge.residual)])
    return "\ufeff" + out.getvalue()


def safe(text: str) -> str:
    """Text of others that a spreadsheet would take for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_RUNS) or text.startswith(_RUNS) else text


def yuan(fen: int) -> str:
    whole, cents = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{cents:02d}"


def _cells(row: Row) -> list[str]:
    words = [safe(each) for each in (row.serial, row.payer_name, row.contract_number)]
    amounts = [yuan(each) for each in (row.a_fen, row.b_fen, row.difference)]
    return [row.reason.value, _day(row.booked_on), *words, _day(row.due_on), *amounts, row.entry_id, safe(row.note)]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
