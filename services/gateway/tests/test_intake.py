"""Reading JSON strictly: every shape, and no JSON whatsoever that could break the reader."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidInput, Violation
from chassis.testing.contracts import Contract
from gateway.answer import content_of, encode
from gateway.intake.findings import MOST, Findings
from gateway.intake.message import fill
from gateway.intake.strict_json import parse


def read(shapes: Contract, content: bytes) -> Any:
    return fill(shapes.pb2.DrawShapeRequest(), parse(content), Findings())


def outcome(shapes: Contract, content: bytes) -> tuple[Any, Sequence[Violation]]:
    try:
        return read(shapes, content), ()
    except InvalidInput as refused:
        return None, refused.violations


def refusals(shapes: Contract, content: bytes) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        read(shapes, content)
    return {each.field: each.reason for each in refused.value.violations}


BAD = [
    ('{"small": 2147483648}', "small", "OUT_OF_RANGE"),
    ('{"small": "5"}', "small", "WHOLE_NUMBER"),
    ('{"small": 5.0}', "small", "WHOLE_NUMBER"),
    ('{"smallPositive": -1}', "smallPositive", "OUT_OF_RANGE"),
    ('{"bigPositive": "-1"}', "bigPositive", "OUT_OF_RANGE"),
    ('{"big": "0x10"}', "big", "WHOLE_NUMBER"),
    ('{"big": "+5"}', "big", "WHOLE_NUMBER"),
    ('{"big": "05"}', "big", "WHOLE_NUMBER"),
    ('{"big": "٥"}', "big", "WHOLE_NUMBER"),
    ('{"flag": 1}', "flag", "TRUE_OR_FALSE"),
    ('{"flag": "true"}', "flag", "TRUE_OR_FALSE"),
    ('{"data": "§"}', "data", "BASE64"),
    ('{"data": "abc"}', "data", "BASE64"),
    ('{"data": "_-8="}', "data", "BASE64"),
    ('{"colours": "COLOUR_RED"}', "colours", "LIST"),
    ('{"colours": ["COLOUR_RED", null]}', "colours[1]", "NULL"),
    ('{"point": []}', "point", "OBJECT"),
    ('{"point": {"y": 1e39}}', "point.y", "OUT_OF_RANGE"),
    ('{"point": {"x": "1"}}', "point.x", "NUMBER"),
    ('{"point": {"next": {"next": {"z": 1}}}}', "point.next.next.z", "UNKNOWN_FIELD"),
    ('{"points": [{"x": 1}, {"x": NaN}]}', "points[1].x", "FINITE"),
    ('{"byName": [1]}', "byName", "OBJECT"),
    ('{"byName": {"a": {"x": true}}}', "byName[a].x", "NUMBER"),
    ('{"byName": {"a": {}, "a": {}}}', "byName[a]", "DOUBLED"),
    ('{"byName": {"a\\u0000": {}}}', "byName[a\0]", "KEY"),
    ('{"byNumber": {"1.5": "x"}}', "byNumber[1.5]", "KEY"),
    ('{"byNumber": {"99999999999": "x"}}', "byNumber[99999999999]", "KEY"),
    ('{"byFlag": {"yes": "1"}}', "byFlag[yes]", "KEY"),
    ('{"at": "2026-03-10"}', "at", "INSTANT"),
    ('{"at": "2026-03-10T10:00:00"}', "at", "INSTANT"),
    ('{"at": "2026-02-30T10:00:00Z"}', "at", "INSTANT"),
    ('{"at": "0001-01-01T00:00:00+08:00"}', "at", "INSTANT"),
    ('{"at": 1773108000}', "at", "INSTANT"),
    ('{"lasts": "90"}', "lasts", "SPAN"),
    ('{"lasts": 90}', "lasts", "SPAN"),
    ('{"free": []}', "free", "OBJECT"),
    ('{"free": {"a": {"b": [NaN]}}}', "free.a.b[0]", "FINITE"),
    ('{"free": {"a": 9007199254740993}}', "free.a", "EXACT"),
    ('{"free": {"a": 1, "a": 2}}', "free.a", "DOUBLED"),
    ('{"list": {}}', "list", "LIST"),
    ('{"maybe": true}', "maybe", "WHOLE_NUMBER"),
    ('{"left": "a", "right": 1}', "right", "ONE_OF"),
    ('{"numbers": [1, 2, 3, 4, 5, 6]}', "numbers", "REPEATED_MAX_ITEMS"),
    ('{"colors": []}', "colors", "UNKNOWN_FIELD"),
]


@pytest.mark.spec("P1.6")
@pytest.mark.parametrize(("content", "field", "reason"), BAD, ids=[bad[0] for bad in BAD])
def test_one_type_one_spelling(shapes: Contract, content: str, field: str, reason: str) -> None:
    assert refusals(shapes, content.encode()) == {field: reason}


@pytest.mark.spec("P1.6")
def test_a_misspelt_name_gets_a_hint(shapes: Contract) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(shapes, b'{"colors": []}')
    assert refused.value.violations[0].en.endswith("did you mean “colours”?")
    assert refused.value.violations[0].zh.endswith("是否应为“colours”？")


@pytest.mark.spec("P1.6")
def test_every_shape_is_read_and_written_alike(shapes: Contract) -> None:
    content = {
        "requestId": "r", "shapeId": "s", "small": -5, "smallPositive": 5, "big": "-9223372036854775808",
        "bigPositive": "18446744073709551615", "fixed": 7, "bigFixed": "7", "flag": True, "text": "好😀",
        "data": "5L2g5aW9", "colour": "COLOUR_RED", "colours": ["COLOUR_BLUE", "COLOUR_RED"],
        "point": {"x": 0.1, "y": 0.5, "next": {"x": -1.0, "y": 0.0}}, "points": [{"x": 1.0, "y": 2.0}],
        "byName": {"西湖": {"x": 1.0, "y": 0.0}}, "byNumber": {"-1": "x"}, "byFlag": {"true": "1"},
        "at": "2026-03-10T02:00:00Z", "lasts": "90s", "free": {"a": [1.0, None, {"b": "c"}]}, "any": None,
        "list": [1.0, "x"], "maybe": "0", "perhaps": 0, "left": "", "numbers": ["1", "2"], "note": "",
    }  # fmt: skip
    message = read(shapes, json.dumps(content).encode())
    assert message.HasField("perhaps")
    assert message.WhichOneof("either") == "left"
    assert json.loads(encode(message)) == content


@pytest.mark.spec("P1.5")
def test_not_more_is_told_than_anybody_reads(shapes: Contract) -> None:
    many = json.dumps({f"x{number}": 1 for number in range(10_000)}).encode()
    assert len(refusals(shapes, many)) == MOST
    long = json.dumps({"x" * 100_000: 1}).encode()
    assert all(len(field) < 100 for field in refusals(shapes, long))


texts = st.text(max_size=8) | st.sampled_from(["COLOUR_RED", "1", "1s"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
names = st.sampled_from(
    [
        "small",
        "big",
        "flag",
        "data",
        "colour",
        "colours",
        "point",
        "points",
        "byName",
        "byNumber",
        "byFlag",
        "at",
        "lasts",
        "free",
        "any",
        "list",
        "x",
        "y",
        "next",
        "maybe",
        "perhaps",
        "left",
        "right",
        "numbers",
        "note",
        "small_positive",
    ]
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6), max_leaves=25
)


@pytest.mark.spec("P1.6", "P9.1")
@settings(max_examples=400, deadline=None)
@given(content=anything)
def test_any_json_is_a_message_or_a_refusal_in_words_of_ours(shapes: Contract, content: Any) -> None:
    """`json_format` never gets to see what it would refuse in its own words."""
    message, refused = outcome(shapes, json.dumps(content).encode())
    if message is None:
        assert refused
        assert all(each.en and each.zh for each in refused)
        assert "UNREADABLE" not in {each.reason for each in refused}
    else:
        assert read(shapes, encode(message)) == message


@pytest.mark.spec("P1.6")
@settings(max_examples=200, deadline=None)
@given(
    small=st.integers(-(2**31), 2**31 - 1),
    big=st.integers(-(2**63), 2**63 - 1),
    x=st.floats(allow_nan=False, allow_infinity=False),
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    data=st.binary(max_size=50),
    numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5),
)
def test_what_an_answer_writes_a_request_reads(shapes: Contract, **values: Any) -> None:
    x = values.pop("x")
    message = shapes.pb2.DrawShapeRequest(**values, point={"x": x})
    assert fill(shapes.pb2.DrawShapeRequest(), parse(encode(message)), Findings()) == message
    assert math.isclose(content_of(message)["point"]["x"], x)


@pytest.mark.spec("P9.1")
@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_json_or_a_refusal(content: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        parse(content)
