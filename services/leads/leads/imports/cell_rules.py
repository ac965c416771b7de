"""Cells of files that people open in a spreadsheet (P9.1)."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"[=+\-@\t\r\n|%＝＋－＠]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,-]*")


def safe_cell(value: str) -> str:
    """The text as it is, unless a spreadsheet would run it: then behind an apostrophe, which shows it as text.

    A number with its sign, such as a phone number, runs nothing.
    """
    if _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
