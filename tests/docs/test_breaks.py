"""What is broken on purpose can still be broken: each change of tests/faults/breaks.toml fits today's code."""

from __future__ import annotations

import pytest

from tests.faults.red import ROOT, TABLE, Break, breaks


@pytest.mark.parametrize("each", breaks(), ids=lambda each: each.why)
def test_a_break_fits(each: Break) -> None:
    assert [(ROOT / edit.file).read_text().count(edit.old) for edit in each.edits] == [1] * len(each.edits)
    assert f"\n| {each.line}" in TABLE.read_text()
    assert (ROOT / each.test.partition("::")[0]).exists()
