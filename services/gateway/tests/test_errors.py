"""The table of refusals (P1.5), from a service's refusal to the HTTP answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from chassis.errors import (
    AlreadyExists,
    CloseloopError,
    Conflict,
    DeadlineExceeded,
    FailedPrecondition,
    IllegalCommand,
    Internal,
    InvalidInput,
    Missing,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Violation,
)
from gateway.errors import TABLE, row_of
from gateway.locale import pick

from .conftest import Door
from .neighbours import LEAD, Company

GET = f"/api/v1/leads/{LEAD}"
KINDS: list[tuple[type[CloseloopError], int]] = [
    (InvalidInput, 400),
    (Unauthenticated, 401),
    (PermissionDenied, 403),
    (NotFound, 404),
    (Conflict, 409),
    (FailedPrecondition, 409),
    (AlreadyExists, 409),
    (ResourceExhausted, 429),
    (Internal, 500),
    (Unavailable, 503),
    (DeadlineExceeded, 504),
]


def refusing(error: Callable[[], CloseloopError]) -> Callable[[], None]:
    def refuse() -> None:
        raise error()

    return refuse


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize(("kind", "status"), KINDS, ids=[kind.__name__ for kind, _ in KINDS])
def test_each_kind_has_its_status_and_words(door: Door, company: Company, kind: Any, status: int) -> None:
    company.refuse = refusing(kind)
    for language, tag in (("en", "en"), ("zh-CN", "zh")):
        answer = door.as_("E00001", language).get(GET)
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, kind.code)
        assert problem["detail"] == kind().text(tag)
        assert problem["title"]
        assert problem["instance"] == GET
        assert ("retry-after" in answer.headers) == (status in (429, 503, 504))
        assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.spec("P1.5")
def test_the_table_covers_every_kind_of_the_family_once() -> None:
    rows = [(row.code, row.reason) for row in TABLE]
    assert len(rows) == len(set(rows))
    assert {kind.code for kind, _ in KINDS} <= {row.code for row in TABLE}
    assert all(row_of(kind()).status == status for kind, status in KINDS)


@pytest.mark.spec("P1.5")
def test_violations_of_a_service_are_told_in_the_spelling_of_rest(rep: httpx.Client, company: Company) -> None:
    bad = Violation("page_size.max_rows[some_key]", "is wrong", "有误", "WRONG")
    company.refuse = refusing(lambda: InvalidInput.of(bad))
    assert rep.get(GET).json()["violations"] == [
        {"field": "pageSize.maxRows[some_key]", "message": "is wrong", "reason": "WRONG"}
    ]


@pytest.mark.spec("P1.5")
def test_what_is_missing_and_what_is_allowed_is_named(door: Door, company: Company) -> None:
    survey = Missing("need_survey", "The need survey.", "需求调研表。")
    company.refuse = refusing(lambda: FailedPrecondition(missing=[survey]))
    problem = door.as_("E00001", "zh").get(GET).json()
    assert problem["missing"] == [{"name": "need_survey", "message": "需求调研表。"}]
    assert "allowed" not in problem

    company.refuse = refusing(lambda: IllegalCommand(command="accept", state="recycled", allowed=["assign"]))
    problem = door.as_("E00001", "en").get(GET).json()
    assert (problem["reason"], problem["allowed"]) == ("ILLEGAL_COMMAND", ["assign"])


@pytest.mark.spec("P1.5")
def test_the_time_to_wait_is_the_services_own(rep: httpx.Client, company: Company) -> None:
    company.refuse = refusing(lambda: Unavailable(retry_after=timedelta(seconds=7)))
    assert rep.get(GET).headers["retry-after"] == "7"


@pytest.mark.spec("P1.5")
def test_nothing_of_a_library_or_of_the_code_reaches_people(rep: httpx.Client, company: Company) -> None:
    def break_down() -> None:
        raise RuntimeError("psycopg.OperationalError at 10.0.0.7 line 42")

    company.refuse = break_down
    answer = rep.get(GET)
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert "psycopg" not in answer.text
    assert "line 42" not in answer.text
    assert "Incident" in answer.json()["detail"]


@pytest.mark.spec("P1.1", "P1.5")
def test_a_refused_change_names_the_key_to_repeat_it_with(rep: httpx.Client, company: Company) -> None:
    company.refuse = refusing(DeadlineExceeded)
    answer = rep.post(f"{GET}:accept")
    assert answer.status_code == 504
    assert answer.headers["idempotency-key"] == company.seen[-1].request_id


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("en", "en"),
        ("en-GB,zh;q=0.9", "en"),
        ("zh-CN,en;q=0.9", "zh"),
        ("de,en;q=0.3", "en"),
        ("en;q=0.1,zh;q=0.2", "zh"),
        ("*", "zh"),
        ("en;q=x", "zh"),
        (",;=,;q", "zh"),
    ],
)
def test_the_language_is_the_better_of_the_two(header: str, language: str) -> None:
    assert pick(header) == language
