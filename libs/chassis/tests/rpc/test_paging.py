"""Pages by opaque tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.rpc.paging import InvalidPageToken, Page, decode_token, encode_token
from closeloop.common.v1 import page_pb2

positions = st.dictionaries(st.text(min_size=1), st.text() | st.integers(-(2**53), 2**53) | st.none(), min_size=1)


@pytest.mark.spec("P1.1")
@given(positions)
def test_a_token_holds_its_position(position: dict[str, object]) -> None:
    assert decode_token(encode_token(position)) == position


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize(
    "token",
    [
        "!",
        "abc",
        "W10",
        "Iid4Jw",
        "////",
        "eyJ",
        "é",
        encode_token({"n": 1}),
        encode_token({"n": 1, "~": "/other.Service/List"}),
    ],
)
def test_a_token_we_did_not_make_is_refused(token: str) -> None:
    with pytest.raises(InvalidPageToken) as caught:
        Page.of(page_pb2.PageRequest(token=token))
    assert caught.value.violations[0].field == "page.token"


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (200, 200), (999, 200), (-1, 50)])
def test_sizes(asked: int, given: int) -> None:
    assert Page.of(page_pb2.PageRequest(size=asked)).size == given


@pytest.mark.spec("P1.1")
@given(st.lists(st.integers(), unique=True).map(sorted), st.integers(1, 7))
def test_pages_together_are_the_whole_once(numbers: list[int], size: int) -> None:
    seen: list[int] = []
    token = ""
    while True:
        page = Page.of(page_pb2.PageRequest(size=size, token=token))
        after = page.after.get("n")
        rows = [number for number in numbers if after is None or number > after][: page.limit]
        kept, token = page.cut(rows, key=lambda number: {"n": number})
        seen += kept
        if not token:
            break

    assert seen == numbers
