"""Generated pages are what the code says today."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.errors import InvalidInput
from tools.pages import PAGES, errors, features


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_generated_page_is_fresh(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == PAGES[page](), "run `make docs`"


def test_every_number_that_a_test_carries_has_a_name() -> None:
    assert features.unknown_numbers() == set(), "give it a line in docs/features.toml, then `make docs`"


@pytest.mark.spec("P1.5")
def test_every_named_error_speaks_both_languages() -> None:
    errors.import_all()
    named = list(errors.named_conditions())
    assert named
    for error in named:
        # The chassis may refine a kind that says it well already, and invalid input speaks by its violations.
        speaks_by_its_kind = error.__module__.startswith("chassis.") or issubclass(error, InvalidInput)
        texts = {"en", "zh"} <= set(vars(error)) or speaks_by_its_kind
        assert texts, f"{error.__module__}.{error.__name__} has no text of its own in en and zh"
        assert "Something went wrong" not in error.en


@pytest.mark.spec("P1.5")
def test_every_refusal_has_a_row_in_the_table_of_http_statuses() -> None:
    assert errors.codes_without_status() == set()


def test_marks_are_read_from_decorators_only(tmp_path: Path) -> None:
    text = '@pytest.mark.spec("LD3.4", "LD3.5")\ndef test_x():\n    "says A1.1"\n    other("F1.1")\n'
    assert features.marked(text) == {"LD3.4", "LD3.5"}
