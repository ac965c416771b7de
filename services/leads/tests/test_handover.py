"""Somebody leaves: what they had goes to others by the system, through the probe, in time (LD10.1)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from chassis.errors import FailedPrecondition, NotFound
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_manager
from closeloop.activity.v1 import events_pb2 as activity
from closeloop.leads.v1 import handover_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from leads import tables
from leads.handover.count_late import count_late

from .company import Company, stamp
from .handing_over import (
    customers,
    decide,
    handovers,
    instant_of,
    items,
    leave,
    move,
    owners,
    release,
    the_customer,
    the_handover,
    wait_for_the_move,
)


def open_leads(company: Company, count: int, first: int = 0) -> list[lead_pb2.Lead]:
    return [company.capture_a(f"第{n}公司", phone=f"1380000{n:04d}") for n in range(first, first + count)]


@pytest.mark.spec("LD10.1")
def test_what_a_departed_rep_had_goes_to_the_team_within_two_hours(company: Company) -> None:
    company.hire("E1")
    customers(company, "E1", 4)
    (lead,) = open_leads(company, 1)
    company.hire("E2", "E3")
    company.clock.advance(timedelta(minutes=5))
    leave(company, "E1")

    found = the_handover(company)
    assert (found.state, found.cause, found.customers, found.leads) == (pb.HANDOVER_STATE_DRAFTED, "departed", 4, 1)
    assert {each.planned_to for each in items(company, found.handover_id)} == {"E2", "E3"}
    assert set(owners(company).values()) == {"E1"}, "nothing moves before its time"
    (told,) = company.events("customers.handover_opened")
    assert (told.message.employee_id, told.message.manager_id, told.message.customers) == ("E1", "M1", 4)

    assert wait_for_the_move(company) == 5
    assert sorted(owners(company).values()) == ["E2", "E2", "E3", "E3"]
    assert company.get(lead.lead_id).owner_id in ("E2", "E3")
    found = the_handover(company)
    assert (found.state, found.moved, found.waiting, found.held) == (pb.HANDOVER_STATE_MOVED, 5, 0, 0)
    assert instant_of(found.moved_at) - instant_of(found.opened_at) <= timedelta(hours=2)
    changed = {each.message.customer_id: each.message for each in company.events("customers.owner_changed")}
    assert len(changed) == 4
    assert {(each.before, each.version, each.handover_id) for each in changed.values()} == {
        ("E1", 2, found.handover_id)
    }


@pytest.mark.spec("LD10.1")
def test_the_package_names_clocks_of_open_leads_and_moves_them_anew(company: Company) -> None:
    company.hire("E1")
    (lead,) = open_leads(company, 1)
    company.hire("E2")
    company.clock.advance(timedelta(minutes=5))
    leave(company, "E1")
    (item,) = items(company, the_handover(company).handover_id)
    assert (item.kind, item.subject_id, item.lead_state) == ("lead", lead.lead_id, "assigned")
    assert {"response.remind", "response.popup", "response.email"} <= {each.kind for each in item.clocks}
    release(company, the_handover(company).handover_id)
    assert move(company) == 1
    moved = company.get(lead.lead_id)
    assert (moved.owner_id, moved.state) == ("E2", lead_pb2.LEAD_STATE_ASSIGNED)
    assert company.timeline(lead.lead_id).count("assigned") == 2
    assert "handed over" in company.explain(lead.lead_id).summary


@pytest.mark.spec("LD10.1")
def test_the_package_tells_the_last_contact_its_next_step_and_what_was_promised(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    customer_id = the_customer(company).customer_id
    at = company.clock.now()
    for hour, step, due in ((0, "发报价单", 30), (1, "送样机", 2), (3, "安排技术交流", None)):
        told = activity.FollowUpRecorded(
            follow_up_id=new_id(), customer_id=customer_id, author_id="E1", channel="visit", direction="outbound",
            outcome="connected", need="更新设备", occurred_at=stamp(at + timedelta(hours=hour)), next_step=step,
        )  # fmt: skip
        if due:
            told.next_step_due_at.CopyFrom(stamp(at + timedelta(hours=due)))
        deliver(company.service, told)
    company.clock.advance(timedelta(hours=4))
    leave(company, "E1")
    (item,) = items(company, the_handover(company).handover_id)
    assert (item.last_contact.next_step, item.last_contact.channel, item.last_contact.by) == (
        "安排技术交流",
        "visit",
        "E1",
    )
    assert [(each.what, instant_of(each.due_at)) for each in item.promises] == [("发报价单", at + timedelta(hours=30))]
    (opened,) = company.events("customers.handover_opened")
    assert opened.message.promises == 1, "the sample's day came, and somebody was there since"


@pytest.mark.spec("LD10.1")
def test_a_large_package_moves_in_batches_and_goes_on_where_it_stopped(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 250)
    leave(company, "E1")
    release(company, the_handover(company).handover_id)

    # The last batch fails, for whatever reason.
    change(company, "ALTER TABLE customer ADD CONSTRAINT stuck CHECK (customer_code <> 'C00099' OR owner_id = 'E1')")
    move(company)
    moved = Counter(all_owners(company))
    change(company, "ALTER TABLE customer DROP CONSTRAINT stuck")
    assert moved == {"E2": 200, "E1": 50}, "a batch moves whole or not at all"
    assert move(company) == 50
    assert len(company.events("customers.owner_changed")) == 250
    assert move(company) == 0


@pytest.mark.spec("LD10.1", "LD4.1", "LD4.2")
def test_nobody_who_can_not_be_verified_gets_a_customer_and_it_is_tried_again(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 2)
    leave(company, "E1")
    company.directory.away = True
    assert wait_for_the_move(company) == 0
    found = the_handover(company)
    assert (found.state, found.held, found.moved) == (pb.HANDOVER_STATE_MOVING, 2, 0)
    assert {each.reason for each in items(company, found.handover_id)} == {"No candidate's account could be verified."}
    assert set(owners(company).values()) == {"E1"}
    company.pass_time(company.clock.now() + timedelta(minutes=30, seconds=1))
    assert late_handovers(company) == 1
    (late,) = company.events("customers.handover_reminded")
    assert (late.message.step, late.message.left) == ("late", 2)
    company.clock.advance(timedelta(minutes=1))
    company.directory.away = False
    company.app.assigner.probe.forget(["E2"])
    assert move(company) == 2
    assert set(owners(company).values()) == {"E2"}
    assert the_handover(company).state == pb.HANDOVER_STATE_MOVED
    assert late_handovers(company) == 0


@pytest.mark.spec("LD10.1", "LD4.2")
def test_a_manager_decides_by_hand_while_the_directory_is_away(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    customers(company, "E1", 2)
    leave(company, "E1")
    company.directory.away = True
    wait_for_the_move(company)
    found = the_handover(company)
    one, _ = items(company, found.handover_id)
    assert decide(company, found.handover_id, "E3", one.item_id) == 1
    assert move(company) == 1
    assert sorted(owners(company).values()) == ["E1", "E3"]


@pytest.mark.spec("LD10.1")
def test_a_manager_drafts_another_split_and_releases_it_early(company: Company) -> None:
    company.hire("E1", "E2", "E3", "E4")
    customers(company, "E1", 3)
    leave(company, "E1")
    found = the_handover(company)
    one, *_ = items(company, found.handover_id)
    assert decide(company, found.handover_id, "E4") == 3
    assert decide(company, found.handover_id, "E3", one.item_id) == 1
    release(company, found.handover_id)
    release(company, found.handover_id)
    assert move(company) == 3
    assert sorted(owners(company).values()) == ["E3", "E4", "E4"]
    found = the_handover(company)
    assert found.released_by == "M1"
    assert instant_of(found.moved_at) == instant_of(found.opened_at)
    with pytest.raises(FailedPrecondition) as refused:
        decide(company, found.handover_id, "E2")
    assert refused.value.reason == "HANDOVER_IS_OVER"


@pytest.mark.spec("LD10.1", "LD4.1")
def test_a_manager_can_not_decide_on_who_is_gone_or_in_another_team(company: Company) -> None:
    company.hire("E1", "E2")
    company.hire("E8", status="disabled")
    company.hire("E9", unit="/HQ/WEST/CD1/")
    customers(company, "E1", 1)
    leave(company, "E1")
    found = the_handover(company)
    for employee_id, reason in (("E1", "ALREADY_THE_OWNER"), ("E8", "REP_NOT_AVAILABLE")):
        with pytest.raises(FailedPrecondition) as refused:
            decide(company, found.handover_id, employee_id)
        assert refused.value.reason == reason
    with pytest.raises(NotFound):
        decide(company, found.handover_id, "E9")
    with pytest.raises(NotFound):
        decide(company, found.handover_id, "E9", as_=as_manager("M9", "/HQ/WEST/CD1/"))


@pytest.mark.spec("LD10.1", "LD4.3")
def test_leads_that_were_recalled_are_not_moved_a_second_time(company: Company) -> None:
    company.hire("E1")
    customers(company, "E1", 1)
    left_at = company.clock.now()
    company.clock.advance(timedelta(minutes=1))
    (gap,) = open_leads(company, 1)
    company.hire("E2")
    leave(company, "E1", status_since=stamp(left_at))
    assert the_handover(company).leads == 0, "the recall was first"
    assert wait_for_the_move(company) == 1
    assert [each.message.lead_id for each in company.events("leads.recalled")] == [gap.lead_id]


@pytest.mark.spec("LD10.1")
def test_what_is_no_longer_the_givers_is_dropped_with_the_reason(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    customers(company, "E1", 2)
    leave(company, "E1")
    customers(company, "E3", 1)
    assert wait_for_the_move(company) == 1
    found = the_handover(company)
    assert (found.moved, found.dropped) == (1, 1)
    assert [each.reason for each in items(company, found.handover_id, state=pb.HANDOVER_ITEM_STATE_DROPPED)] == [
        "It was not 员工E1's any more."
    ]
    assert owners(company)["C00001"] == "E3"


@pytest.mark.spec("LD10.1")
def test_a_customers_open_leads_go_with_the_customer(company: Company) -> None:
    company.hire("E1", "E2", "E3", "E4")
    customers(company, "E1", 1, phone="13800001111")
    with_customer = company.capture("第1客户有限公司", phone="13800001111").lead
    assert with_customer.owner_id == "E1"
    company.clock.advance(timedelta(minutes=5))
    leave(company, "E1")
    found = the_handover(company)
    customer, lead = items(company, found.handover_id)
    assert (customer.kind, lead.kind, lead.goes_with) == ("customer", "lead", customer.item_id)
    assert decide(company, found.handover_id, "E4", lead.item_id) == 1
    wait_for_the_move(company)
    assert owners(company) == {"C00001": "E4"}
    assert company.get(with_customer.lead_id).owner_id == "E4"


@pytest.mark.spec("LD10.1", "LD4.5")
def test_what_was_handed_over_pauses_nobody(company: Company) -> None:
    company.hire("E1")
    open_leads(company, 7)
    company.hire("E2")
    company.clock.advance(timedelta(minutes=5))
    leave(company, "E1")
    assert wait_for_the_move(company) == 7
    assert company.events("leads.rep_paused") == []


@pytest.mark.spec("LD10.1")
def test_everything_can_be_read_after_the_account_is_gone(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 2)
    leave(company, "E1")
    wait_for_the_move(company)
    handover_id = the_handover(company).handover_id
    before = (the_handover(company), items(company, handover_id))
    with company.service.runtime.database.begin() as conn:
        conn.execute(tables.rep.delete().where(tables.rep.c.employee_id == "E1"))
    assert (the_handover(company), items(company, handover_id)) == before
    assert the_handover(company).name == "员工E1"
    with company.service.runtime.database.connect() as conn:
        kept = conn.scalars(select(tables.customer.c.owner_id)).all()
    assert kept == ["E2", "E2"]


@pytest.mark.spec("LD10.1")
def test_a_taker_who_leaves_too_passes_the_items_on(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 2)
    leave(company, "E1")
    wait_for_the_move(company)
    company.hire("E3")
    leave(company, "E2")
    wait_for_the_move(company)
    second, first = handovers(company)
    assert (first.employee_id, first.passed_on, first.state) == ("E1", 2, pb.HANDOVER_STATE_CLOSED)
    assert (second.employee_id, second.moved, second.state) == ("E2", 2, pb.HANDOVER_STATE_MOVED)
    assert set(owners(company).values()) == {"E3"}
    assert {each.reason for each in items(company, first.handover_id)} == {
        f"Passed on by handover {second.handover_id}."
    }


def change(company: Company, statement: str) -> None:
    with company.service.runtime.database.begin() as conn:
        conn.execute(text(statement))


def all_owners(company: Company) -> list[str]:
    with company.service.runtime.database.connect() as conn:
        return list(conn.scalars(select(tables.customer.c.owner_id)))


def late_handovers(company: Company) -> int:
    with company.service.uow.read(company.app.assigner.identity) as tx:
        return count_late(tx)
