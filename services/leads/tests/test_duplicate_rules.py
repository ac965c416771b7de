"""Names nearly the same, and what a lead takes over from another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from chassis.errors import CloseloopError, FailedPrecondition
from chassis.kernel.money import Money
from leads.duplicates.merge_rules import check_merge, check_unmerge, completed, given_back, taken_over
from leads.duplicates.near_rules import LONG, Named, nearest
from leads.duplicates.policy import DuplicatePolicy
from leads.lead.rules import OPEN, TRANSITIONS, Command, Lead, Position, Qualification, State
from leads.lead.snapshot import columns

AT = datetime(2026, 3, 10, 2, tzinfo=UTC)
CODE, OTHER_CODE = "91330100799655058B", "91110000600037341L"
LETTERS = st.sampled_from("云启科技信息杭州电子医疗器械贸易")


def named(lead_id: str, name: str, **changes: str) -> Named:
    return replace(Named(lead_id, "杭州", name, None, ""), **changes)


@st.composite
def alike(draw: st.DrawFn) -> tuple[str, str]:
    """A name and one made of it by putting in, leaving out and exchanging a few characters."""
    name = draw(st.text(LETTERS, min_size=2, max_size=24))
    other = list(name)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(other) - 1))
        match draw(st.sampled_from(["in", "out", "exchange"])):
            case "in":
                other.insert(at, draw(LETTERS))
            case "out" if len(other) > 1:
                del other[at]
            case _:
                other[at] = draw(LETTERS)
    return name, "".join(other)


@pytest.mark.spec("LD1.4")
@given(alike())
def test_whatever_two_names_are_near_one_is_a_candidate_for_the_other(pair: tuple[str, str]) -> None:
    """Both long: all such names of the city are compared. Else they share a form."""
    one, other = (named(str(n), name) for n, name in enumerate(pair))
    assume(ratio(one.name_key, other.name_key) >= 92)
    assert (one.is_long and other.is_long) or set(one.forms) & set(other.forms)


@pytest.mark.spec("LD1.4")
@given(st.text(LETTERS, min_size=LONG, max_size=30), st.text(LETTERS, min_size=LONG, max_size=30))
def test_long_names_that_are_near_differ_little_in_length(one: str, other: str) -> None:
    """What the query leaves out by length is never near."""
    if abs(len(one) - len(other)) > 0.08 * (len(one) + len(other)):
        assert ratio(one, other) < 92


@pytest.mark.spec("LD1.4")
def test_the_nearest_is_suggested_and_only_from_92_on() -> None:
    new = named("9", "杭州云启信息科技")
    one_off, two_off = named("1", "杭州云启信息技"), named("2", "杭州云启科技")
    assert nearest(new, [two_off, one_off], 92) == (one_off, ratio(new.name_key, one_off.name_key))
    assert nearest(new, [two_off], 92) is None
    assert nearest(new, [named("3", new.name_key), named("1", new.name_key)], 92) == (named("1", new.name_key), 100.0)


@pytest.mark.spec("LD1.3", "LD1.4")
def test_other_cities_two_codes_and_branches_are_never_suggested() -> None:
    new = named("9", "杭州云启信息科技", uscc=CODE)
    same = named("1", new.name_key)
    assert nearest(new, [same], 92) is not None
    for other in (
        replace(same, city="宁波"),
        replace(same, city=""),
        replace(same, uscc=OTHER_CODE),
        replace(same, parent_key="杭州云启"),
        replace(same, record_id="9"),
    ):
        assert nearest(new, [other], 92) is None
    assert nearest(replace(new, city=""), [replace(same, city="")], 92) is None


def lead(lead_id: str, **changes: object) -> Lead:
    bare = Lead(lead_id, State.QUEUED, "杭州云启科技有限公司", "杭州云启科技", "expo", AT, AT)
    return replace(bare, **changes)  # type: ignore[arg-type]


WORDS = st.sampled_from(["", "甲", "乙"])
LEADS = st.builds(
    lead,
    st.just("x"),
    contact_name=WORDS,
    phone=st.sampled_from(["", "+8613800000001", "+8613800000002"]),
    uscc=st.sampled_from(["", CODE]),
    city=WORDS,
    need=WORDS,
    position=st.none() | st.just(Position(30.25, 120.17)),
    qualification=st.builds(
        Qualification,
        st.none() | st.integers(0, 100),
        st.none() | st.just(Money(100)),
        st.none() | st.booleans(),
        st.sampled_from([(), ("总经理",)]),
    ),
    touches=st.integers(1, 9),
    last_touch_at=st.sampled_from([AT, AT + timedelta(days=1)]),
).map(lambda made: replace(made, original_position=made.position, original_datum="gcj02" if made.position else ""))


@pytest.mark.spec("LD1.4")
@given(LEADS, LEADS)
def test_what_was_taken_over_is_given_back_exactly(kept: Lead, merged: Lead) -> None:
    whole = completed(kept, merged)
    taken = taken_over(columns(kept), columns(whole))
    back = columns(whole) | given_back(columns(whole), taken) | {"touches": whole.touches - merged.touches}
    assert back == columns(kept)


@pytest.mark.spec("LD1.4")
@given(LEADS, LEADS)
def test_a_merged_lead_loses_nothing_that_was_known(kept: Lead, merged: Lead) -> None:
    whole = completed(kept, merged)
    for name, value in columns(kept).items():
        if value not in ("", None, []) and name not in ("touches", "last_touch_at"):
            assert columns(whole)[name] == value
    for name in ("contact_name", "phone", "uscc", "city", "need"):
        assert bool(getattr(whole, name)) == bool(getattr(kept, name) or getattr(merged, name))
    assert (whole.touches, whole.last_touch_at) == (
        kept.touches + merged.touches,
        max(kept.last_touch_at, merged.last_touch_at),
    )


@pytest.mark.spec("LD1.4")
def test_what_somebody_changed_since_stays_when_the_two_are_parted() -> None:
    kept, merged = lead("1"), lead("2", phone="+8613800000001", need="采购")
    whole = completed(kept, merged)
    taken = taken_over(columns(kept), columns(whole))
    changed = replace(whole, phone="+8613800000009")
    assert given_back(columns(changed), taken) == {"need": ""}


@pytest.mark.spec("LD1.3", "LD1.4")
@pytest.mark.parametrize(
    ("kept", "merged", "reason"),
    [
        (lead("1", uscc=CODE), lead("2", uscc=OTHER_CODE), "TWO_FIRMS"),
        (lead("1"), lead("2", company_name="杭州云启科技有限公司宁波分公司"), "BRANCH_AND_PARENT"),
        (lead("1"), lead("2", state=State.ASSIGNED, owner_id="E1"), "OWNED_GOES_ON"),
        (lead("1", state=State.CONVERTED), lead("2"), "LEAD_NOT_OPEN"),
        (lead("1"), lead("2", state=State.CONVERTED), "ILLEGAL_COMMAND"),
        (lead("1"), lead("1"), "INVALID_INPUT"),
    ],
)
def test_what_must_not_become_one_is_refused(kept: Lead, merged: Lead, reason: str) -> None:
    with pytest.raises(CloseloopError) as refused:
        check_merge(kept, merged)
    assert refused.value.reason == reason


@pytest.mark.spec("LD1.4")
def test_a_merge_is_undone_for_thirty_days_and_from_the_last_to_the_first() -> None:
    policy, kept = DuplicatePolicy(), lead("1")
    check_unmerge(AT, None, kept, AT + timedelta(days=30), policy)
    for merged_at, undone_at, going_on in (
        (AT - timedelta(days=30, seconds=1), None, kept),
        (AT, AT, kept),
        (AT, None, replace(kept, merged_into="2")),
    ):
        with pytest.raises(FailedPrecondition):
            check_unmerge(merged_at, undone_at, going_on, AT, policy)


@pytest.mark.spec("LD1.7")
def test_every_open_lead_can_be_merged_and_no_other() -> None:
    assert {each for each, commands in TRANSITIONS.items() if Command.MERGE in commands} == OPEN
