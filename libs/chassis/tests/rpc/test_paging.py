"""Pages by opaque tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.rpc.context import Call, serving
from chassis.rpc.method import Method
from chassis.rpc.paging import InvalidPageToken, Page, decode_token, encode_token
from chassis.testing.contracts import Contract
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
        "eyJpZCI6N30",
        encode_token({"n": 1})[:-1],
        "A" * 22 + "eyJpZCI6N30",
    ],
)
def test_a_token_we_did_not_make_is_refused(token: str) -> None:
    with pytest.raises(InvalidPageToken) as caught:
        Page.of(page_pb2.PageRequest(token=token))
    assert caught.value.violations[0].field == "page.token"


@pytest.mark.spec("P1.1", "P9.1")
@pytest.mark.parametrize(("rpc", "secret"), [("ReadNote", b"own"), ("CountNotes", b"foreign")])
def test_a_token_is_good_for_the_rpc_and_the_service_that_gave_it(contract: Contract, rpc: str, secret: bytes) -> None:
    def call(name: str, key: bytes) -> Call:
        return Call(Method.of(f"/{contract.pb2.DESCRIPTOR.package}.NotebookService/{name}"), {}, 0.0, secret=key)

    with serving(call("CountNotes", b"own")):
        token = encode_token({"id": 7})
        assert Page.of(page_pb2.PageRequest(token=token)).after == {"id": 7}
    with serving(call(rpc, secret)), pytest.raises(InvalidPageToken):
        Page.of(page_pb2.PageRequest(token=token))


@pytest.mark.spec("P1.1", "P7.3")
def test_a_token_that_lacks_what_a_later_release_looks_for_is_refused() -> None:
    after = Page.of(page_pb2.PageRequest(token=encode_token({"id": 7}))).after
    with pytest.raises(InvalidPageToken):
        after["at"]


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
