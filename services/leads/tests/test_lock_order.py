"""Leads before reps and suggestions, each by id, names before customers: who waits holds nothing that comes later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from chassis.errors import InvalidInput
from chassis.kernel.ids import new_id
from chassis.testing.locks import until_blocked
from closeloop.leads.v1 import duplicate_service_pb2 as pb

from .bringing_along import CUSTOMER, CUSTOMERS, hospital
from .bringing_along import run as import_history
from .company import Company
from .test_customer_file import brought, edit
from .test_duplicates import capture, door, hear, suggestions
from .test_import_revert import revert
from .test_pool import hand_out, pooled, undo


def free_while_waiting(company: Company, held: str, call: Callable[[], Any], later: str) -> tuple[bool, Any]:
    """Whether the row `later` selects can be had while `call` waits for the row `held` selects; and its answer."""
    database = company.service.runtime.database
    with ThreadPoolExecutor(1) as caller:
        with database.begin() as blocker:
            blocker.execute(text(f"{held} FOR UPDATE")).one()
            answer = caller.submit(call)
            until_blocked(database)
            with database.begin() as other:
                free = other.execute(text(f"{later} FOR UPDATE SKIP LOCKED")).first() is not None
        return free, answer.result()


@pytest.mark.spec("LD7.1", "P7.1")
def test_an_undo_locks_the_reps_by_id_in_whatever_order_their_leads_are(company: Company) -> None:
    first, second = sorted(pooled(company, 2))
    batch = hand_out(company, [first, second], ["E2", "E1"])
    one, two = (f"SELECT 1 FROM rep WHERE employee_id = '{each}'" for each in ("E1", "E2"))
    free, undone = free_while_waiting(company, one, lambda: undo(company, batch.batch_id), two)
    assert free
    assert [each.done for each in undone.leads] == [True, True]


@pytest.mark.spec("LD1.4", "P7.1")
def test_an_answer_locks_the_leads_before_the_suggestion(company: Company) -> None:
    older, newer = (capture(company, "杭州云启信息科技有限公司", n) for n in (1, 2))
    hear(company)
    (found,) = suggestions(company)
    request = pb.AcceptSuggestionRequest(request_id=new_id(), suggestion_id=found.suggestion_id, reason="同一家")
    lead = f"SELECT 1 FROM lead WHERE lead_id = '{newer.lead_id}'"
    free, accepted = free_while_waiting(
        company, lead, lambda: door(company).AcceptSuggestion(request), "SELECT 1 FROM lead_suggestion"
    )
    assert free
    assert accepted.lead.lead_id == older.lead_id


def name_of_one(key: str) -> str:
    """Locks a name or number, where E1 is hired."""
    return f"SELECT pg_advisory_xact_lock(hashtextextended('{key}', 46)) FROM rep WHERE employee_id = 'E1'"


@pytest.mark.spec("LD1.6", "LD9.1", "P7.1")
def test_an_edit_locks_the_number_before_the_customer(company: Company) -> None:
    known = brought(company)
    free, _ = free_while_waiting(
        company, name_of_one("C7"), lambda: edit(company, known, customer_code="C7"), "SELECT 1 FROM customer"
    )
    assert free


@pytest.mark.spec("LD1.6", "P7.1")
def test_customers_are_taken_back_after_whoever_hangs_something_on_their_names(company: Company) -> None:
    company.hire("E1")
    done = import_history(company, CUSTOMERS, CUSTOMER, [hospital()])
    free, gone = free_while_waiting(
        company, name_of_one("C1"), lambda: revert(company, done.import_id), "SELECT 1 FROM customer"
    )
    assert (free, gone.withdrawn) == (True, 1)


@pytest.mark.spec("LD9.1", "P7.1")
def test_two_people_make_no_circle_of_parents(company: Company) -> None:
    pair = brought(company, "C1", "甲公司"), brought(company, "C2", "乙公司")
    with ThreadPoolExecutor(2) as people:
        with company.service.runtime.database.begin() as blocker:
            blocker.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 46))"), {"key": "\u0001parents"})
            asked = [
                people.submit(edit, company, one, parent_customer_id=other.customer_id)
                for one, other in (pair, pair[::-1])
            ]
            until_blocked(company.service.runtime.database, 2)
        refused = [each.exception() for each in asked if each.exception()]
    assert [type(each) for each in refused] == [InvalidInput]
