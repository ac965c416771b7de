"""Tables for spreadsheets: every value comes back as it was, and none is run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from chassis.sheets import Cell, as_csv, as_xlsx, safe_cell, written

TRAPS = ["=HYPERLINK(1)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1", "|x"]
HEADINGS = ["客户", "金额", "备注"]


def read_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> list[tuple[object, ...]]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    return list(sheet.iter_rows(values_only=True))


@pytest.mark.spec("P9.1")
@given(st.text(max_size=20))
def test_no_cell_starts_a_formula(value: str) -> None:
    safe = safe_cell(value)
    assert safe in (value, f"'{value}")
    if safe == value and value[:1] in tuple("=+-@\t\r"):
        assert all(each in "0123456789 .,-" for each in value[1:])


@pytest.mark.spec("P9.1")
@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_shown_as_text_in_both_forms(trap: str) -> None:
    rows: list[Sequence[Cell]] = [[trap, 1, ""]]
    assert read_csv(b"".join(as_csv(HEADINGS, rows)))[1][0] == f"'{trap}"
    assert read_xlsx(b"".join(as_xlsx(HEADINGS, rows)))[1][0] == f"'{trap}"


@pytest.mark.spec("P1.1")
def test_values_come_back_as_they_were() -> None:
    rows: list[Sequence[Cell]] = [["杭州“云启”, 科技\n二行", -12, "+86 138-0000-0000"], ["", 0.5, None]]
    assert read_csv(b"".join(written("csv", HEADINGS, rows))) == [
        HEADINGS,
        ["杭州“云启”, 科技\n二行", "-12", "+86 138-0000-0000"],
        ["", "0.5", ""],
    ]
    assert read_xlsx(b"".join(written("xlsx", HEADINGS, rows))) == [
        tuple(HEADINGS),
        ("杭州“云启”, 科技\n二行", -12, "+86 138-0000-0000"),
        (None, 0.5, None),
    ]


def test_control_characters_break_no_workbook() -> None:
    assert read_xlsx(b"".join(as_xlsx(["a"], [["x\x00\x0by"]])))[1] == ("xy",)


@pytest.mark.spec("P9.1")
@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_behind_a_control_character_is_shown_as_text(trap: str) -> None:
    """In a heading too."""
    hidden = f"\x01{trap}"
    assert read_xlsx(b"".join(as_xlsx([hidden], [[hidden]]))) == [(f"'{trap}",), (f"'{trap}",)]
