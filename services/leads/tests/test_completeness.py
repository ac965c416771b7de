"""How complete a customer's file is, and what it lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.customer_file.completeness_rules import WORDS, FileFacts, completeness
from leads.customer_file.policy import CompletenessPolicy, check_completeness

WEIGHTS = CompletenessPolicy().weights
WHOLE = FileFacts(
    "KA", "91110000600037341L", "医院", "large", "浙江", "杭州", "文一路 1 号", "+8657188880000", "影像系统",
    decision_maker=True, primary_contact=True, qualification=True, product_certificate=True,
)  # fmt: skip

texts = st.sampled_from(["", "有"])
facts = st.builds(FileFacts, *[texts] * 9, *[st.booleans()] * 4)
weights = st.fixed_dictionaries({each: st.integers(0, 1000) for each in WORDS})


def without(field: str) -> FileFacts:
    fields = ("city",) if field == "region" else (field,)
    return replace(WHOLE, **{each: type(getattr(WHOLE, each))() for each in fields})


@pytest.mark.spec("LD9.1")
def test_a_file_that_holds_everything_is_whole_and_an_empty_one_names_what_it_lacks() -> None:
    assert completeness(WHOLE, WEIGHTS, {}) == completeness(WHOLE, WEIGHTS, {"KA": []})
    assert (completeness(WHOLE, WEIGHTS, {}).percent, completeness(WHOLE, WEIGHTS, {}).missing) == (100, ())
    empty = completeness(FileFacts(), WEIGHTS, {})
    assert (empty.percent, set(empty.missing)) == (0, set(WORDS))
    assert empty.words()[0] == ("a decision maker in the decision chain", "决策链中的决策人")


@pytest.mark.spec("LD9.1", "LD10.1")
@pytest.mark.parametrize("field", WORDS)
def test_any_one_field_keeps_a_file_below_the_bar_and_is_named(field: str) -> None:
    counted = completeness(without(field), WEIGHTS, {})
    assert counted.missing == (field,)
    assert counted.percent == 100 - WEIGHTS[field] < CompletenessPolicy().bar


@pytest.mark.spec("LD9.1")
@given(facts, weights)
def test_whole_means_that_nothing_is_missing(known: FileFacts, weights: dict[str, int]) -> None:
    counted = completeness(known, weights, {})
    assert 0 <= counted.percent <= 100
    assert (counted.percent == 100) == (counted.missing == ())
    asked = {each for each, weight in weights.items() if weight}
    assert set(counted.missing) == {each for each in asked if not known.has(each)}


@pytest.mark.spec("LD9.1")
@given(facts, weights, st.sampled_from(sorted(WORDS)))
def test_what_is_filled_in_never_makes_it_less_complete(known: FileFacts, weights: dict[str, int], field: str) -> None:
    fields = ("province", "city") if field == "region" else (field,)
    fuller = replace(known, **{each: getattr(WHOLE, each) for each in fields})
    # The class decides what is asked; here every class is asked for everything.
    assert completeness(fuller, weights, {}).percent >= completeness(known, weights, {}).percent


@pytest.mark.spec("LD9.1")
def test_a_share_is_rounded_down_so_that_nothing_missing_is_hidden() -> None:
    weights = dict.fromkeys(WORDS, 0) | {"uscc": 999, "phone": 1}
    assert completeness(without("phone"), weights, {}).percent == 99


@pytest.mark.spec("LD9.1")
def test_what_is_not_asked_of_a_class_is_not_missed() -> None:
    bare = without("product_certificate")
    assert completeness(bare, WEIGHTS, {"KA": ["product_certificate"]}).percent == 100
    assert completeness(bare, WEIGHTS, {"regular": ["product_certificate"]}).percent == 95


def test_a_policy_names_every_field_and_asks_for_something() -> None:
    assert check_completeness(CompletenessPolicy()) == []
    for wrong in (
        {"weights": {"uscc": 1}},
        {"weights": dict.fromkeys(WORDS, 0)},
        {"weights": dict.fromkeys(WORDS, -1)},
        {"not_asked": {"KA": ["colour"]}},
    ):
        assert len(check_completeness(CompletenessPolicy(**wrong))) == 1  # type: ignore[arg-type]
