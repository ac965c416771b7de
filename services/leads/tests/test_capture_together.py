"""Captures that come at once share transactions; each caller has what it would have had alone (LD1, LD3.9, P1.1)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select, text

from chassis.errors import FailedPrecondition, InvalidInput
from chassis.identity import Identity
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import capture_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from leads import tables

from .company import Company, ScriptedDirectory


class Crossing:
    """Holds up what asks the directory until everybody has come, so that they meet."""

    def __init__(self, directory: ScriptedDirectory) -> None:
        self.reached, self.open = Event(), Event()
        directory.meanwhile = self._stop

    def _stop(self) -> None:
        self.reached.set()
        assert self.open.wait(20)


@contextmanager
def crowd(company: Company, keys: int) -> Iterator[Callable[..., Future[Any]]]:
    """Calls made inside come while another capture is being assigned, and are served together after it.

    `keys`: how many new request ids they have; at most six, since the door has eight threads.
    """
    company.capture("先来公司")
    crossing = Crossing(company.directory)
    company.app.assigner.probe.forget(["E1", "E2"])
    with ThreadPoolExecutor(20) as callers:
        ahead = callers.submit(company.capture, "挡路公司")
        assert crossing.reached.wait(20)
        before = taken_in(company)

        def call(name: str, as_: Identity | None = None, **fields: Any) -> Future[Any]:
            return callers.submit(company.capture, name, as_, **fields)

        try:
            yield call
            ends = time.monotonic() + 15
            while taken_in(company) < before + keys:
                assert time.monotonic() < ends, "they are not all taken in"
        finally:
            crossing.open.set()
        ahead.result(20)


def taken_in(company: Company) -> int:
    with company.service.runtime.database.connect() as conn:
        return int(conn.scalar(text("SELECT count(*) FROM idempotency WHERE rpc LIKE '%CaptureLead'")) or 0)


@pytest.mark.spec("LD3.9", "LD1.1")
def test_each_caller_gets_its_own_lead_with_its_owner(company: Company) -> None:
    company.hire("E1", "E2")
    with crowd(company, 6) as call:
        calls = {name: call(name) for name in (f"第{number}公司" for number in range(6))}
    for name, answered in calls.items():
        lead = answered.result().lead
        assert (lead.company_name, lead.owner_name) == (name, f"员工{lead.owner_id}")
        assert company.get(lead.lead_id) == lead
    with company.service.runtime.database.connect() as conn:
        written = conn.execute(select(tables.assignment.c.lead_id, tables.assignment.c.assigned_at)).all()
        together = Counter(conn.execute(text("SELECT xmin::text FROM assignment")).scalars())
    assert len({row.lead_id for row in written}) == len(written) == 8
    assert max(together.values()) > 1, "some shared a transaction"


@pytest.mark.spec("LD13.1", "P1.1")
def test_what_is_refused_for_one_is_refused_for_that_one_alone(company: Company) -> None:
    company.hire("E1", "E2")
    company.capture("从前公司", request_id="old")
    with crowd(company, 1) as call:
        good, broken = call("好公司"), call("坏公司", phone="not a phone")
        reused, again = call("别的公司", request_id="old"), call("从前公司", request_id="old")
    assert good.result().lead.owner_id
    assert isinstance(broken.exception(), InvalidInput)
    refused = reused.exception()
    assert isinstance(refused, FailedPrecondition)
    assert refused.reason == "REQUEST_ID_REUSED"
    assert again.result().lead.company_name == "从前公司"


@pytest.mark.spec("P1.1", "LD1.5")
def test_the_same_request_twice_in_one_transaction_is_one_lead(company: Company) -> None:
    company.hire("E1", "E2")
    with crowd(company, 1) as call:
        twins = [call("双胞公司", request_id="twin") for _ in range(3)]
    assert len({each.result().lead.lead_id for each in twins}) == 1
    assert [each.message.company_name for each in company.events("leads.captured")].count("双胞公司") == 1


@pytest.mark.spec("LD1.3")
def test_duplicates_that_come_at_once_are_touches_of_the_first(company: Company) -> None:
    company.hire("E1", "E2")
    with crowd(company, 4) as call:
        calls = [call("同一公司", phone="13800000001") for _ in range(4)]
    answers = [each.result() for each in calls]
    assert len({each.lead.lead_id for each in answers}) == 1
    assert Counter(each.outcome for each in answers) == {
        pb.CAPTURE_OUTCOME_CREATED: 1,
        pb.CAPTURE_OUTCOME_APPENDED: 3,
    }
    assert company.get(answers[0].lead.lead_id).touches == 4


@pytest.mark.spec("P1.4")
def test_each_is_written_for_who_sent_it_and_begins_its_own_story(company: Company) -> None:
    company.hire("E1", "E2")
    people = [as_hq("H7"), as_rep("E1", "/HQ/EAST/HZ1/"), as_manager("M1", "/HQ/EAST/HZ1/")]
    with crowd(company, 3) as call:
        calls = {who.subject: call(f"{who.subject}的公司", who) for who in people}
    with company.service.runtime.database.connect() as conn:
        query = select(tables.timeline.c.lead_id, tables.timeline.c.actor).where(tables.timeline.c.kind == "captured")
        wrote = {str(row.lead_id): row.actor for row in conn.execute(query)}
    for subject, answered in calls.items():
        assert wrote[answered.result().lead.lead_id] == subject
    stories = [each.correlation_id for each in company.events("leads.captured")]
    assert len(set(stories)) == len(stories)


@pytest.mark.spec("LD4.2", "LD3.6")
def test_a_directory_that_fails_meanwhile_holds_leads_and_loses_none(company: Company) -> None:
    company.hire("E1", "E2")
    with crowd(company, 5) as call:
        calls = [call(f"第{number}公司") for number in range(5)]
        company.directory.away = True
        company.app.assigner.probe.forget(["E1", "E2"])
    states = {each.result().lead.state for each in calls}
    assert states <= {lead_pb2.LEAD_STATE_HELD, lead_pb2.LEAD_STATE_ASSIGNED}
    assert taken_in(company) == 7
