"""Leads before reps and suggestions, each by id: whoever waits holds nothing that comes later in that order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from chassis.kernel.ids import new_id
from closeloop.leads.v1 import duplicate_service_pb2 as pb

from .company import Company
from .test_clocks import wait_until
from .test_duplicates import capture, door, hear, rows, suggestions
from .test_pool import hand_out, pooled, undo

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def free_while_waiting(company: Company, held: str, call: Callable[[], Any], later: str) -> tuple[bool, Any]:
    """Whether the row `later` selects can be had while `call` waits for the row `held` selects; and its answer."""
    database = company.service.runtime.database
    with ThreadPoolExecutor(1) as caller:
        with database.begin() as blocker:
            blocker.execute(text(f"{held} FOR UPDATE")).one()
            answer = caller.submit(call)
            wait_until(lambda: rows(company, WAITING) == [(1,)])
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
