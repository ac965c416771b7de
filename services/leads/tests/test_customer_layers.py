"""The layers of the customer file that others write: interactions, service track, dynamics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_rep
from closeloop.activity.v1.events_pb2 import CallRecorded, ConversationArchived, FollowUpRecorded
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.forecast.v1.events_pb2 import OpportunityCreated, OpportunityLost, OpportunityWon
from closeloop.integration.v1.events_pb2 import (
    Delivered,
    OrderFacts,
    OrderReceived,
    OrderScheduled,
    RegistryChanged,
    RegistryFieldChange,
    ServiceCallRecorded,
)
from closeloop.leads.v1 import customer_dynamics_service_pb2 as dynamics_pb
from closeloop.leads.v1 import customer_file_service_pb2 as pb
from closeloop.leads.v1 import lead_service_pb2 as lead_pb
from closeloop.leads.v1.customer_dynamics_service_pb2_grpc import CustomerDynamicsServiceStub
from leads.dynamics.rules import order_words
from leads.service_track.rules import Kind, Record, minutes_between, taken_over

from .company import UNIT, Company, stamp
from .test_customer_file import brought, door, file

AT = datetime(2026, 3, 9, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def follow_up(company: Company, at: datetime, **changes: Any) -> str:
    values = {
        "follow_up_id": new_id(), "author_id": "E1", "channel": "visit", "direction": "outbound",
        "outcome": "connected", "need": "影像系统", "occurred_at": stamp(at),
    } | changes  # fmt: skip
    deliver(company.service, FollowUpRecorded(**values), times=2)
    return str(values["follow_up_id"])


def interactions(company: Company, customer_id: str, size: int = 50) -> list[pb.Interaction]:
    """Page by page."""
    found: list[pb.Interaction] = []
    page = PageRequest(size=size)
    while True:
        answer = door(company).ListInteractions(pb.ListInteractionsRequest(customer_id=customer_id, page=page))
        found += answer.interactions
        if not answer.page.next_token:
            return found
        page.token = answer.page.next_token


@pytest.mark.spec("LD9.1")
def test_every_channel_is_in_the_file_newest_first_and_once(company: Company) -> None:
    customer_id = brought(company).customer_id
    visit = follow_up(company, AT, customer_id=customer_id)
    mail = follow_up(company, AT + HOUR, customer_id=customer_id, channel="email", direction="inbound")
    chat = follow_up(company, AT + 2 * HOUR, customer_id=customer_id, channel="wechat")
    # The archive of that chat tells nothing more than its follow-up.
    deliver(
        company.service,
        ConversationArchived(
            archive_id=new_id(), customer_id=customer_id, follow_up_id=chat, rep_wrote=True, archived_at=stamp(AT)
        ),
    )
    call = CallRecorded(
        call_id=new_id(), customer_id=customer_id, rep_id="E1", direction="outbound", started_at=stamp(AT + 3 * HOUR)
    )
    deliver(company.service, call)
    call.connected = True  # the telephone feed corrects it
    deliver(company.service, call)
    change = RegistryFieldChange(field="legal_person", before="张三", after="李四")
    deliver(
        company.service,
        RegistryChanged(customer_id=customer_id, version=1, changes=[change], updated_at=stamp(AT + 4 * HOUR)),
    )
    found = interactions(company, customer_id)
    assert [(each.channel, each.reference) for each in found] == [
        ("registry", customer_id), ("call", call.call_id), ("wechat", chat), ("email", mail), ("visit", visit),
    ]  # fmt: skip
    assert (found[1].outcome, found[1].by_name, found[0].text_zh) == (
        "connected",
        "员工E1",
        "法定代表人：张三 → 李四。",
    )
    assert interactions(company, customer_id, size=2) == found
    assert list(file(company, customer_id).interactions) == found


@pytest.mark.spec("LD9.1", "LD9.2")
def test_what_was_said_to_a_lead_is_the_customer_s_once_the_lead_is(company: Company) -> None:
    company.hire("E1")
    lead = company.capture(phone="13800000001").lead
    company.clock.advance(HOUR)
    visit = follow_up(company, company.clock.now(), lead_id=lead.lead_id)
    request = lead_pb.ConvertLeadRequest(
        request_id=new_id(), lead_id=lead.lead_id, opportunity_name="影像系统",
        expected_amount=MoneyMessage(fen=100, currency="CNY"), expected_close="2026-06-30",
    )  # fmt: skip
    converted = company.leads(as_rep("E1", UNIT)).ConvertLead(request).lead
    found = interactions(company, converted.customer_id)
    assert [(each.channel, each.lead_id) for each in found] == [("visit", lead.lead_id), ("enquiry", lead.lead_id)]
    assert (found[0].reference, found[1].text) == (visit, "Came in by douyin.")
    [step] = (
        door(company)
        .ListServiceTrack(
            pb.ListServiceTrackRequest(customer_id=converted.customer_id, stage=pb.SERVICE_STAGE_PRE_SALES)
        )
        .steps
    )
    assert (step.kind, step.reference, step.state) == ("lead", lead.lead_id, "converted")


def service_call(version: int = 1, **changes: Any) -> ServiceCallRecorded:
    values = {
        "call_id": "SC1", "customer_code": "C1", "customer_name": "杭州第一医院", "subject": "探头故障",
        "reported_at": stamp(AT), "state": "open",
    } | changes  # fmt: skip
    return ServiceCallRecorded(version=version, **values)


def order(number: str = "SO1", **changes: Any) -> OrderReceived:
    values = {
        "version": 1, "contract_number": "HT-1", "customer_code": "C1", "customer_name": "杭州第一医院",
        "amount": MoneyMessage(fen=123_456_00, currency="CNY"), "signed_at": stamp(AT - 48 * HOUR), "state": "active",
    } | changes  # fmt: skip
    return OrderReceived(order_id=number, order=OrderFacts(order_id=number, **values))


def track(company: Company, customer_id: str, stage: Any = pb.SERVICE_STAGE_UNSPECIFIED) -> list[pb.ServiceStep]:
    request = pb.ListServiceTrackRequest(customer_id=customer_id, stage=stage)
    return list(door(company).ListServiceTrack(request).steps)


@pytest.mark.spec("LD9.1")
def test_delivery_and_after_sales_are_on_the_track_with_response_times(company: Company) -> None:
    schedule = OrderScheduled(
        schedule_id="PS1", version=1, order_id="SO1", product_name="超声", quantity="2", starts_on="2026-03-08",
        ready_on="2026-03-20", state="planned",
    )  # fmt: skip
    shipment = Delivered(
        delivery_id="D1", version=1, order_id="SO1", contract_number="HT-1", customer_code="C1",
        amount=MoneyMessage(fen=100, currency="CNY"), delivered_on="2026-03-09", state="delivered",
    )  # fmt: skip
    # Whatever comes first, also before the customer is known.
    deliver(company.service, schedule, shipment, order(), service_call(3, responded_at=stamp(AT + HOUR)), times=2)
    deliver(company.service, service_call(2))
    customer_id = brought(company).customer_id
    told = [each.message for each in company.events("customers.created")]
    deliver(company.service, *told)
    assert [(each.kind, each.stage) for each in track(company, customer_id)] == [
        ("service_call", pb.SERVICE_STAGE_AFTER_SALES), ("delivery", pb.SERVICE_STAGE_DELIVERY),
        ("schedule", pb.SERVICE_STAGE_DELIVERY), ("order", pb.SERVICE_STAGE_DELIVERY),
    ]  # fmt: skip
    [call] = track(company, customer_id, pb.SERVICE_STAGE_AFTER_SALES)
    assert (call.response_minutes, call.HasField("resolution_minutes"), call.title) == (60, False, "探头故障")
    closed = service_call(4, responded_at=stamp(AT + HOUR), closed_at=stamp(AT + 3 * HOUR), state="closed")
    deliver(company.service, closed, service_call(1, call_id="SC2"))
    figures = file(company, customer_id).service
    assert (figures.calls, figures.open_calls) == (2, 1)
    assert (figures.response_minutes, figures.resolution_minutes) == (60, 180)
    bought = file(company, customer_id).purchases
    assert (bought.orders, bought.amounts[0].fen, bought.last_on) == (1, 123_456_00, "2026-03-07")


@pytest.mark.spec("LD9.1")
def test_an_opportunity_is_pre_sales_from_its_beginning_to_its_end(company: Company) -> None:
    customer_id = brought(company).customer_id
    won, lost = new_id(), new_id()
    for each in (won, lost):
        deliver(
            company.service,
            OpportunityCreated(
                opportunity_id=each, customer_id=customer_id, amount=MoneyMessage(fen=500, currency="CNY")
            ),
        )
    deliver(
        company.service,
        OpportunityWon(
            opportunity_id=won, customer_id=customer_id, contract_number="HT-1",
            amount=MoneyMessage(fen=700, currency="CNY"), won_at=stamp(company.clock.now() + HOUR),
        ),
        OpportunityLost(opportunity_id=lost, reason="预算取消", lost_at=stamp(company.clock.now() + HOUR)),
    )  # fmt: skip
    found = {each.reference: each for each in track(company, customer_id, pb.SERVICE_STAGE_PRE_SALES)}
    assert {(each.state, each.amount.fen, each.title) for each in found.values()} == {
        ("won", 700, "HT-1"), ("lost", 500, "预算取消"),
    }  # fmt: skip
    assert {each.closed_at.ToDatetime(UTC) for each in found.values()} == {company.clock.now() + HOUR}


@pytest.mark.spec("LD8.2")
def test_orders_and_tickets_are_in_the_dynamics_at_the_instants_they_happened(company: Company) -> None:
    customer_id = brought(company).customer_id
    deliver(company.service, order(), order("SO2", state="cancelled"), times=2)
    deliver(company.service, service_call(1, responded_at=stamp(AT + HOUR), closed_at=stamp(AT + 3 * HOUR)))
    stub = CustomerDynamicsServiceStub(company.rpc(company.service, as_=as_hq()))
    request = dynamics_pb.ListCustomerDynamicsRequest(customer_id=customer_id)
    whole = stub.ListCustomerDynamics(request).dynamics
    assert [(each.kind, each.text_zh) for each in whole] == [
        ("ticket", "工单已关闭：探头故障。"), ("ticket", "工单已响应：探头故障。"), ("ticket", "报修：探头故障。"),
        ("order", "订单 SO2，CNY 123,456.00，后已取消。"), ("order", "订单 SO1，CNY 123,456.00。"),
    ]  # fmt: skip
    assert whole[0].at.ToDatetime(UTC) == AT + 3 * HOUR
    paged, request.page.size = [], 2
    while True:
        answer = stub.ListCustomerDynamics(request)
        paged += answer.dynamics
        if not answer.page.next_token:
            break
        request.page.token = answer.page.next_token
    assert paged == list(whole)


records = st.builds(
    Record,
    kind=st.just(Kind.OPPORTUNITY) | st.just(Kind.SERVICE_CALL),
    reference=st.just("R"),
    version=st.integers(1, 4),
    at=st.datetimes(timezones=st.just(UTC)),
    customer_id=st.none() | st.just("c1"),
    state=st.sampled_from(["open", "won", "lost"]),
)


@pytest.mark.spec("LD9.1")
@given(records, records)
def test_an_older_word_or_the_same_changes_nothing(held: Record, told: Record) -> None:
    taken = taken_over(told, held)
    assert (taken is None) == (told.version <= held.version)
    if taken is not None:
        assert (taken.version, taken.state) == (told.version, told.state)
    if taken is not None and told.kind is Kind.OPPORTUNITY:
        assert (taken.at, taken.customer_id) == (held.at, told.customer_id or held.customer_id)


@pytest.mark.spec("LD9.1")
@given(st.integers(-10, 10_000), st.integers(0, 59))
def test_response_times_are_whole_minutes_and_never_below_zero(minutes: int, seconds: int) -> None:
    answered = AT + timedelta(minutes=minutes, seconds=seconds)
    assert minutes_between(AT, answered) == max(0, minutes)
    assert minutes_between(AT, None) is None


@pytest.mark.spec("LD1.6", "LD8.2")
def test_an_order_that_was_brought_along_says_so() -> None:
    assert order_words("SO1", Money(100, "USD"), cancelled=False, migrated=True) == (
        "Order SO1, USD 1.00, brought along.", "订单 SO1，USD 1.00，历史迁入。",
    )  # fmt: skip
