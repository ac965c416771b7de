"""When a handover begins, and when it is called off: HR's word, the directory's, the time that passes (LD10.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from chassis.errors import NotFound
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1 import guard_service_pb2 as guard_pb
from closeloop.leads.v1 import handover_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.guard_service_pb2_grpc import GuardServiceStub
from leads import tables

from .company import UNIT, Company
from .handing_over import (
    come_back,
    customers,
    door,
    fire,
    handovers,
    leave,
    move,
    owners,
    the_customer,
    the_handover,
    wait_for_the_move,
)


@pytest.mark.spec("LD10.1")
def test_a_handover_opens_once_whatever_hr_says_again(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 2)
    leave(company, "E1")
    for version in (2, 3, 4):
        deliver(company.service, company.employee("E1", version=version, status="departed", name="张伟"), times=2)
        fire(company)
    assert len(handovers(company)) == len(company.events("customers.handover_opened")) == 1
    wait_for_the_move(company)
    deliver(company.service, company.employee("E1", version=5, status="departed"))
    fire(company)
    assert len(handovers(company)) == 1, "there is nothing left to hand over"


@pytest.mark.spec("LD10.1")
def test_nobody_is_shown_a_package_before_it_is_drafted(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    deliver(company.service, company.employee("E1", version=2, status="departed"))
    with company.service.runtime.database.connect() as conn:
        handover_id = conn.scalar(select(tables.handover.c.handover_id))
    request = pb.GetHandoverRequest(handover_id=handover_id)
    with pytest.raises(NotFound):
        door(company).GetHandover(request)
    fire(company)
    assert door(company).GetHandover(request).handover.state == pb.HANDOVER_STATE_DRAFTED


@pytest.mark.spec("LD10.1")
def test_who_comes_back_before_the_move_keeps_everything(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 3)
    leave(company, "E1")
    come_back(company, "E1", version=3)
    assert the_handover(company).state == pb.HANDOVER_STATE_CANCELLED
    assert wait_for_the_move(company) == 0
    assert set(owners(company).values()) == {"E1"}
    assert [each.message.outcome for each in company.events("customers.handover_closed")] == ["cancelled"]
    leave(company, "E1", version=4)
    assert sorted(each.state for each in handovers(company)) == [pb.HANDOVER_STATE_DRAFTED, pb.HANDOVER_STATE_CANCELLED]


@pytest.mark.spec("LD10.1")
def test_who_comes_back_while_everything_is_held_keeps_everything_too(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 2)
    leave(company, "E1")
    company.directory.away = True
    wait_for_the_move(company)
    come_back(company, "E1", version=3)
    company.directory.away = False
    company.app.assigner.probe.forget(["E2"])
    assert move(company) == 0
    assert the_handover(company).state == pb.HANDOVER_STATE_CANCELLED
    assert set(owners(company).values()) == {"E1"}


@pytest.mark.spec("LD10.1")
def test_who_comes_back_after_a_part_has_moved_and_was_passed_on_gets_nothing_called_off(company: Company) -> None:
    company.hire("E1", "E2")
    company.profile("E2", grades=[lead_pb2.GRADE_B])
    customers(company, "E1", 1)
    customers(company, "E1", 1, first=2, grade=lead_pb2.GRADE_A)
    leave(company, "E1")
    assert wait_for_the_move(company) == 1
    company.hire("E3")
    company.profile("E3", grades=[lead_pb2.GRADE_B])
    leave(company, "E2")
    assert wait_for_the_move(company) == 1
    come_back(company, "E1", version=3)
    (first,) = handovers(company, employee_id="E1")
    assert (first.state, first.held, first.passed_on) == (pb.HANDOVER_STATE_MOVING, 1, 1)
    assert owners(company) == {"C00001": "E3", "C00002": "E1"}


@pytest.mark.spec("LD10.1")
def test_what_comes_to_somebody_who_is_gone_is_handed_over_as_well(company: Company) -> None:
    company.hire("M2", position="team_manager", duties=["manager"], manager_id="D1", unit="/HQ/WEST/CD1/")
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    deliver(company.service, company.employee("E1", version=2, unit="/HQ/WEST/CD1/", manager_id="M2"))
    fire(company)
    company.clock.advance(timedelta(minutes=1))
    customers(company, "E1", 1, first=2)
    leave(company, "E1", version=3, unit="/HQ/WEST/CD1/", manager_id="M2")
    assert wait_for_the_move(company) == 1
    assert owners(company) == {"C00001": "E2", "C00002": "E1"}
    assert wait_for_the_move(company) == 1
    assert set(owners(company).values()) == {"E2"}
    assert sorted(each.cause for each in handovers(company, as_hq())) == ["departed", "moved"]


@pytest.mark.spec("LD10.1")
def test_leave_and_a_short_freeze_hand_over_nothing_a_long_freeze_does(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    leave(company, "E1", status="on_leave")
    leave(company, "E1", version=3, status="frozen")
    company.pass_time(company.clock.now() + timedelta(days=2))
    deliver(company.service, company.employee("E1", version=4, status="frozen", name="张伟"))
    assert handovers(company) == []
    company.pass_time(company.clock.now() + timedelta(days=1))
    assert the_handover(company).cause == "frozen"
    assert wait_for_the_move(company) == 1
    assert owners(company) == {"C00001": "E2"}


@pytest.mark.spec("LD10.1")
def test_a_freeze_that_ends_in_time_hands_over_nothing(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    leave(company, "E1", status="frozen")
    come_back(company, "E1", version=3)
    company.pass_time(company.clock.now() + timedelta(days=10))
    assert handovers(company) == []


@pytest.mark.spec("LD10.1")
def test_who_moves_to_another_team_leaves_the_customers_with_the_old_one(company: Company) -> None:
    company.hire("M2", position="team_manager", duties=["manager"], manager_id="D1", unit="/HQ/WEST/CD1/")
    company.hire("E1", "E2")
    customers(company, "E1", 2)
    deliver(company.service, company.employee("E1", version=2, unit="/HQ/WEST/CD1/", manager_id="M2"))
    fire(company)
    found = the_handover(company)
    assert (found.cause, found.unit, found.manager_id) == ("moved", UNIT, "M1")
    company.clock.advance(timedelta(minutes=1))
    customers(company, "E1", 1, first=50)
    later = company.capture("新线索有限公司", phone="13900000001").lead
    assert wait_for_the_move(company) == 2
    assert owners(company) == {"C00001": "E2", "C00002": "E2", "C00050": "E1"}
    assert later.owner_id in ("E1", "E2"), "what comes after belongs to the new team"
    assert company.get(later.lead_id).owner_id == later.owner_id
    assert handovers(company, as_manager("M2", "/HQ/WEST/CD1/")) == [], "no business of the new team"


@pytest.mark.spec("LD10.1")
def test_a_unit_that_gets_another_place_with_its_manager_hands_over_nothing(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    deliver(company.service, company.employee("E1", version=2, unit="/HQ/SOUTH/HZ1/"))
    fire(company)
    assert handovers(company, as_hq()) == []
    assert (
        company.customers()
        .GetCustomer(customer_pb.GetCustomerRequest(customer_id=the_customer(company).customer_id))
        .customer.unit
        == "/HQ/SOUTH/HZ1/"
    )


@pytest.mark.spec("LD10.1", "LD4.6")
def test_whom_a_refresh_of_all_accounts_finds_gone_hands_over_too(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    company.directory.status["E1"] = "departed"
    guard = GuardServiceStub(company.rpc(company.service, as_=as_hq()))
    guard.RefreshAccounts(guard_pb.RefreshAccountsRequest(request_id=new_id()))
    fire(company)
    assert the_handover(company).employee_id == "E1"
    deliver(company.service, company.employee("E1", version=2, status="departed"))
    fire(company)
    assert wait_for_the_move(company) == 1
    assert len(handovers(company)) == 1
