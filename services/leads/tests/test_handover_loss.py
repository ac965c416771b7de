"""Which customers are lost after their handover, in whatever order it is told (LD10.1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from chassis.errors import FailedPrecondition
from chassis.kernel.calendar import instant, local_date
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq
from closeloop.forecast.v1 import events_pb2 as forecast
from closeloop.integration.v1 import events_pb2 as integration
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from leads import tables
from leads.handover.loss_rules import Heard, Loss

from .company import Company, stamp
from .handing_over import (
    customers,
    instant_of,
    items,
    leave,
    lose,
    moved,
    the_handover,
    wait_for_the_move,
)
from .test_customer_file import edit


@pytest.mark.spec("LD10.1")
def test_a_reported_loss_counts_within_30_days(company: Company) -> None:
    found = moved(company)
    one, other = items(company, found.handover_id)
    company.clock.advance(timedelta(days=29))
    lost = lose(company, found.handover_id, one.item_id)
    assert (lost.lost_why, lost.lost_reason) == ("reported", "已改用其他供应商")
    found = the_handover(company)
    assert (found.lost, found.customers_moved, found.loss_rate) == (1, 2, 0.5)
    assert [each.item_id for each in items(company, found.handover_id, lost_only=True)] == [one.item_id]
    company.clock.advance(timedelta(days=2))
    with pytest.raises(FailedPrecondition) as refused:
        lose(company, found.handover_id, other.item_id)
    assert refused.value.reason == "WINDOW_IS_OVER"


def lead_of(company: Company, customer_id: str) -> str:
    """An opportunity that was lost names its lead alone."""
    lead = company.capture("第1客户有限公司").lead
    with company.service.runtime.database.begin() as conn:
        linked = update(tables.lead).where(tables.lead.c.lead_id == lead.lead_id)
        conn.execute(linked.values(customer_id=customer_id))
    return lead.lead_id


def lose_an_opportunity(company: Company, after: timedelta) -> str:
    """Of the first of two customers that have moved; told twice. The customer's id."""
    one, _ = items(company, moved(company).handover_id)
    lead_id = lead_of(company, one.subject_id)
    company.clock.advance(after)
    now = stamp(company.clock.now())
    lost = forecast.OpportunityLost(opportunity_id=new_id(), lead_id=lead_id, reason="价格", lost_at=now)
    deliver(company.service, lost, times=2)
    return one.subject_id


@pytest.mark.spec("LD10.1")
def test_an_opportunity_lost_is_a_loss_until_something_is_won(company: Company) -> None:
    customer_id = lose_an_opportunity(company, timedelta(days=3))
    found = the_handover(company)
    assert (found.lost, items(company, found.handover_id)[0].lost_why) == (1, "opportunity_lost")
    company.clock.advance(timedelta(days=1))
    won = forecast.OpportunityWon(opportunity_id=new_id(), customer_id=customer_id, won_at=stamp(company.clock.now()))
    deliver(company.service, won)
    assert the_handover(company).lost == 0


@pytest.mark.spec("LD10.1")
def test_what_happens_after_the_window_is_no_loss_of_the_handover(company: Company) -> None:
    lose_an_opportunity(company, timedelta(days=30))
    assert the_handover(company).lost == 0


@pytest.mark.spec("LD10.1")
def test_an_order_after_the_lost_opportunity_says_that_the_customer_still_buys(company: Company) -> None:
    lose_an_opportunity(company, timedelta(days=3))
    assert the_handover(company).lost == 1
    for number, day, lost in (("SO1", 12, 1), ("SO2", 14, 0)):
        signed = stamp(datetime(2026, 3, day, 2, tzinfo=UTC))
        order = integration.OrderFacts(
            order_id=number, customer_code="C00001", signed_at=signed, amount={"fen": 1}, version=1, state="active"
        )
        deliver(company.service, integration.OrderReceived(order_id=number, order=order))
        assert the_handover(company).lost == lost


@pytest.mark.spec("LD10.1", "LD9.1")
def test_an_order_that_finds_its_customer_later_says_it_too(company: Company) -> None:
    found = moved(company)
    one, _ = items(company, found.handover_id)
    lead_id = lead_of(company, one.subject_id)
    company.clock.advance(timedelta(days=3))
    now = stamp(company.clock.now())
    deliver(company.service, forecast.OpportunityLost(opportunity_id=new_id(), lead_id=lead_id, lost_at=now))
    facts = integration.OrderFacts(
        order_id="SO1", customer_code="ERP-77", signed_at=now, amount={"fen": 1}, version=1, state="active"
    )
    deliver(company.service, integration.OrderReceived(order_id="SO1", order=facts))
    assert the_handover(company).lost == 1, "nobody bears the number yet"
    known = customer_pb.GetCustomerRequest(customer_id=one.subject_id)
    edit(company, company.customers(as_hq()).GetCustomer(known).customer, customer_code="ERP-77")
    deliver(company.service, company.events("customers.updated")[-1].message, times=2)
    assert the_handover(company).lost == 0


# What is told, each with its day after the move, and the day of the loss that stands; the window has 30 days.
STORIES: list[tuple[list[tuple[str, int]], int | None]] = [
    ([("lost", 5), ("order", 6)], None),
    ([("lost", 5), ("order", 5)], None),
    ([("lost", 5), ("won", 6)], None),
    ([("lost", 5), ("order", 40)], 5),
    ([("lost", 5), ("won", 31)], 5),
    ([("lost", 31)], None),
    ([("lost", 3), ("order", 5), ("lost", 8)], 8),
    ([("lost", 3), ("won", 5), ("lost", 8)], 8),
    ([("lost", 5), ("order", 8), ("order", 40)], None),
]

ARRIVALS = [(list(told), day) for story, day in STORIES for told in permutations(story)]


@pytest.mark.spec("LD10.1")
def test_in_any_order_of_arrival_the_same_customers_are_lost(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", len(ARRIVALS))
    leave(company, "E1")
    wait_for_the_move(company)
    found = the_handover(company)
    since = instant_of(found.moved_at)
    codes = {f"第{n}客户有限公司": n - 1 for n in range(1, len(ARRIVALS) + 1)}
    for item in items(company, found.handover_id):
        number = codes[item.name]
        for at, (what, day) in enumerate(ARRIVALS[number][0]):
            tell(company, item.subject_id, f"C{number + 1:05d}", f"{number}-{at}", what, since + timedelta(days=day))
    stands = {
        codes[item.name]: (instant_of(item.lost_at) - since).days if item.HasField("lost_at") else None
        for item in items(company, found.handover_id)
    }
    assert stands == {number: day for number, (_, day) in enumerate(ARRIVALS)}


def tell(company: Company, customer_id: str, code: str, number: str, what: str, at: datetime) -> None:
    if what == "order":
        facts = integration.OrderFacts(
            order_id=f"SO-{number}",
            customer_code=code,
            signed_at=stamp(at),
            amount={"fen": 1},
            version=1,
            state="active",
        )
        deliver(company.service, integration.OrderReceived(order_id=facts.order_id, order=facts))
        return
    known: dict[str, Any] = {"opportunity_id": new_id()}
    deliver(company.service, forecast.OpportunityCreated(customer_id=customer_id, **known))
    if what == "won":
        deliver(company.service, forecast.OpportunityWon(won_at=stamp(at), **known))
    else:
        deliver(company.service, forecast.OpportunityLost(lost_at=stamp(at), reason="价格", **known))


MOVED = instant(local_date(datetime.fromisoformat("2026-03-10T00:00:00Z")))
HOURS = st.integers(0, 24 * 40).map(lambda each: MOVED + timedelta(hours=each))


@pytest.mark.spec("LD10.1")
@given(losses=st.lists(HOURS, max_size=5), won=st.lists(HOURS, max_size=3), signed=st.lists(HOURS, max_size=3))
def test_a_loss_stands_when_nothing_is_heard_after_it(
    losses: list[datetime], won: list[datetime], signed: list[datetime]
) -> None:
    until = MOVED + timedelta(days=30)
    heard = Heard([Loss(each, "") for each in losses], won, [local_date(each) for each in signed])
    stands = heard.loss_within(MOVED, until)
    inside = [each for each in losses if each < until]
    since = max(inside) if inside else until
    bought = [each for each in won if since <= each < until] + [
        each for each in signed if local_date(each) >= local_date(since) and instant(local_date(each)) < until
    ]
    assert stands == (Loss(since, "") if inside and not bought else None)
    assert Heard(heard.losses[::-1], won[::-1], heard.signed[::-1]).loss_within(MOVED, until) == stands
