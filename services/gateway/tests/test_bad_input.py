"""What must not get in. Each is refused with its field, in both languages, and never reaches a service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .conftest import Door
from .neighbours import LEAD, Company

CONVERT = f"/api/v1/leads/{LEAD}:convert"
GOOD: dict[str, Any] = {
    "opportunityName": "视觉检测",
    "expectedAmount": {"fen": "5200000"},
    "expectedClose": "2026-06-30",
}


def violations(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {each["field"]: each["reason"] for each in answer.json()["violations"]}


@pytest.fixture(autouse=True)
def nothing_reaches_a_service(request: pytest.FixtureRequest, company: Company) -> Iterator[None]:
    yield
    if request.function is not test_the_good_body_goes_through:
        assert company.seen == []


BAD_BODIES: list[tuple[str, bytes, str, str]] = [
    ("list for an object", b"[]", "", "OBJECT"),
    ("null for an object", b"null", "", "OBJECT"),
    ("text for an object", b'"x"', "", "OBJECT"),
    ("unknown field", b'{"colour": 1}', "colour", "UNKNOWN_FIELD"),
    ("the contract's own spelling", b'{"opportunity_name": "x"}', "opportunity_name", "UNKNOWN_FIELD"),
    ("both spellings", b'{"opportunityName": "x", "opportunity_name": "y"}', "opportunity_name", "UNKNOWN_FIELD"),
    ("a name twice", b'{"opportunityName": "x", "opportunityName": "y"}', "opportunityName", "DOUBLED"),
    ("null", b'{"opportunityName": null}', "opportunityName", "NULL"),
    ("a number for text", b'{"opportunityName": 5}', "opportunityName", "TEXT"),
    ("a NUL character", b'{"opportunityName": "a\\u0000b"}', "opportunityName", "STORABLE"),
    ("half a character", b'{"opportunityName": "\\ud800"}', "opportunityName", "STORABLE"),
    ("1e3 for a whole number", b'{"expectedAmount": {"fen": 1e3}}', "expectedAmount.fen", "WHOLE_NUMBER"),
    ("1.0 for a whole number", b'{"expectedAmount": {"fen": 1.0}}', "expectedAmount.fen", "WHOLE_NUMBER"),
    ("text 1.0", b'{"expectedAmount": {"fen": "1.0"}}', "expectedAmount.fen", "WHOLE_NUMBER"),
    ("text with a blank", b'{"expectedAmount": {"fen": " 1"}}', "expectedAmount.fen", "WHOLE_NUMBER"),
    ("true for a number", b'{"expectedAmount": {"fen": true}}', "expectedAmount.fen", "WHOLE_NUMBER"),
    ("beyond 64 bits", b'{"expectedAmount": {"fen": "9223372036854775808"}}', "expectedAmount.fen", "OUT_OF_RANGE"),
    ("negative money", b'{"expectedAmount": {"fen": "-1"}}', "expectedAmount", "MONEY_POSITIVE"),
    ("no money", b'{"expectedAmount": {"fen": 0}}', "expectedAmount", "MONEY_POSITIVE"),
    ("a currency that is none", b'{"expectedAmount": {"currency": "x"}}', "expectedAmount.currency", "STRING_PATTERN"),
    ("a date that is none", b'{"expectedClose": "soon"}', "expectedClose", "STRING_PATTERN"),
    ("nothing where something is needed", b"{}", "opportunityName", "STRING_MIN_LEN"),
    ("too long", json.dumps({"opportunityName": "长" * 201}).encode(), "opportunityName", "STRING_MAX_LEN"),
    ("another id than the address", b'{"leadId": "x"}', "leadId", "DIFFERS"),
]  # fmt: skip


@pytest.mark.spec("P1.5", "P1.6")
@pytest.mark.parametrize(
    ("body", "field", "reason"), [bad[1:] for bad in BAD_BODIES], ids=[bad[0] for bad in BAD_BODIES]
)
def test_a_bad_body_is_refused_with_its_field(rep: httpx.Client, body: bytes, field: str, reason: str) -> None:
    answer = rep.post(CONVERT, content=body, headers={"content-type": "application/json"})
    assert violations(answer)[field] == reason


@pytest.mark.spec("P1.5")
def test_everything_wrong_is_told_at_once_in_the_callers_language(door: Door) -> None:
    body = {"opportunityName": "", "expectedAmount": {"fen": 1.5}, "expectedClose": "x", "contract": 1}
    for language, words in (("en", "must be a whole number"), ("zh-CN", "必须是整数")):
        answer = door.as_("E00001", language).post(CONVERT, json=body)
        told = {each["field"]: each["message"] for each in answer.json()["violations"]}
        assert set(told) == {"opportunityName", "expectedAmount.fen", "expectedClose", "contract"}
        assert words in told["expectedAmount.fen"]
        assert answer.headers["content-language"] == language
        assert "Protobuf" not in answer.text


@pytest.mark.spec("P1.6")
@pytest.mark.parametrize(
    ("value", "reason"),
    [("GRADE_Z", "CHOICE"), (99, "CHOICE"), (1, "CHOICE"), ("grade_a", "CHOICE"), ("GRADE_UNSPECIFIED", "ENUM_NOT_IN")],
)
def test_enums_are_known_names_only(rep: httpx.Client, value: Any, reason: str) -> None:
    answer = rep.post(f"/api/v1/leads/{LEAD}:grade", json={"grade": value, "reason": "x"})
    assert violations(answer) == {"grade": reason}


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize(
    ("position", "field", "reason"),
    [
        ('{"latitude": 90.1, "longitude": 120, "datum": "DATUM_WGS84"}', "position.latitude", "DOUBLE_GTE_LTE"),
        ('{"latitude": 30, "longitude": 180.5, "datum": "DATUM_WGS84"}', "position.longitude", "DOUBLE_GTE_LTE"),
        ('{"latitude": 30, "longitude": 120}', "position.datum", "ENUM_NOT_IN"),
        ('{"latitude": NaN, "longitude": 120, "datum": "DATUM_WGS84"}', "position.latitude", "FINITE"),
        ('{"latitude": "NaN", "longitude": 120, "datum": "DATUM_WGS84"}', "position.latitude", "NUMBER"),
        ('{"latitude": 1e999, "longitude": 120, "datum": "DATUM_WGS84"}', "position.latitude", "FINITE"),
        ('{"latitude": true, "longitude": 120, "datum": "DATUM_WGS84"}', "position.latitude", "NUMBER"),
    ],
)
def test_coordinates_off_the_globe(rep: httpx.Client, position: str, field: str, reason: str) -> None:
    content = f'{{"channel": "web", "companyName": "x", "position": {position}}}'
    answer = rep.post("/api/v1/leads", content=content, headers={"content-type": "application/json"})
    assert violations(answer)[field] == reason


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        (b'{"a": ', "MALFORMED_JSON", "line 1, column 7"),
        (b"{'a': 1}", "MALFORMED_JSON", "line 1, column 2"),
        (b'{"a": "\xff"}', "NOT_UTF8", "at byte 7"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "TOO_DEEP", "60 levels"),
        (b"[" * 100_000, "TOO_DEEP", "60 levels"),
        (b"9" * 10_000, "MALFORMED_JSON", ""),
        ("\ufeff{}".encode(), "MALFORMED_JSON", "column 1"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(rep: httpx.Client, body: bytes, reason: str, detail: str) -> None:
    answer = rep.post(CONVERT, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (400, reason)
    assert detail in answer.json()["detail"]


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk", ""]
)
def test_a_wrong_content_type_is_415(rep: httpx.Client, kind: str) -> None:
    answer = rep.post(CONVERT, content=json.dumps(GOOD), headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.spec("P1.5")
def test_an_oversized_body_is_413_announced_or_not(rep: httpx.Client) -> None:
    big = b'{"opportunityName": "' + b"x" * (1 << 20) + b'"}'
    announced = rep.post(CONVERT, content=big, headers={"content-type": "application/json"})
    assert (announced.status_code, announced.json()["code"]) == (413, "BODY_TOO_LARGE")

    pieces = (big[start : start + 65536] for start in range(0, len(big), 65536))
    streamed = rep.post(CONVERT, content=pieces, headers={"content-type": "application/json"})
    assert streamed.status_code == 413


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("page.size=201", "page.size", "INT32_GTE_LTE"),
        ("page.size=1e2", "page.size", "WHOLE_NUMBER"),
        ("page.size=", "page.size", "WHOLE_NUMBER"),
        ("page_size=1", "page_size", "UNKNOWN_FIELD"),
        ("owner_id=E1", "owner_id", "UNKNOWN_FIELD"),
        ("states=LEAD_STATE_NEW,LEAD_STATE_HELD", "states[0]", "CHOICE"),
        ("states=99", "states[0]", "CHOICE"),
        ("ownerId=a&ownerId=b", "ownerId", "ONCE"),
        ("yellow=1", "yellow", "TRUE_OR_FALSE"),
        ("text=%ff", "text", "UTF8"),
        ("text=%00", "text", "STORABLE"),
        ("page=1", "page", "BODY_ONLY"),
        ("drop=table", "drop", "UNKNOWN_FIELD"),
        ("&".join(f"a{n}=1" for n in range(300)), "?", "TOO_MANY"),
    ],
)
def test_bad_query_parameters(rep: httpx.Client, query: str, field: str, reason: str) -> None:
    assert violations(rep.get(f"/api/v1/leads?{query}"))[field] == reason


@pytest.mark.spec("P1.1")
def test_parameters_where_none_belong(rep: httpx.Client) -> None:
    assert violations(rep.post(CONVERT + "?draft=1", json=GOOD)) == {"draft": "UNKNOWN_FIELD"}
    assert violations(rep.get("/api/v1/leads/not-an-id")) == {"leadId": "STRING_UUID"}


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"idempotency-key": "a b"}, "Idempotency-Key"),
        ({"idempotency-key": "x" * 101}, "Idempotency-Key"),
        ({"if-match": 'W/"7"'}, "If-Match"),
        ({"if-match": '"7", "8"'}, "If-Match"),
        ({"if-match": "7"}, "If-Match"),
    ],
)
def test_headers_that_say_nothing_clear(rep: httpx.Client, headers: dict[str, str], field: str) -> None:
    assert field in violations(rep.post(CONVERT, json=GOOD, headers=headers))


@pytest.mark.spec("P1.1")
def test_a_version_where_there_is_none_is_not_ignored(rep: httpx.Client) -> None:
    assert violations(rep.get("/api/v1/leads", headers={"if-match": '"7"'})) == {"If-Match": "UNVERSIONED"}


@pytest.mark.spec("P9.1")
def test_oversized_headers_are_431(rep: httpx.Client) -> None:
    answer = rep.get("/api/v1/leads", headers={"x-filler": "x" * 40_000})
    assert (answer.status_code, answer.json()["code"]) == (431, "HEADERS_TOO_LARGE")


@pytest.mark.spec("P1.5")
def test_an_address_that_is_not_utf_8(rep: httpx.Client) -> None:
    answer = rep.get("/api/v1/employees/%ff")
    assert (answer.status_code, answer.json()["reason"]) == (400, "ADDRESS_NOT_UTF8")
    assert violations(rep.get("/api/v1/leads/%00")) == {"leadId": "STORABLE"}


@pytest.mark.spec("P1.1")
def test_the_good_body_goes_through(rep: httpx.Client, company: Company) -> None:
    """Or all of the above would prove nothing."""
    assert rep.post(CONVERT, json=GOOD).status_code == 200
    assert (company.seen[-1].expected_amount.fen, company.seen[-1].lead_id) == (5_200_000, LEAD)
