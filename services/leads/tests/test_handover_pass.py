"""One pass over what moves: what is held, decided or refused meanwhile stops nothing else (LD10.1)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from chassis.deadline_runner import DeadlineRunner
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq
from closeloop.leads.v1 import guard_service_pb2 as guard_pb
from closeloop.leads.v1 import handover_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.guard_service_pb2_grpc import GuardServiceStub
from leads import tables
from leads.handover.choose_takers import plan, read_package
from leads.handover.move_ownership import move_handovers

from .company import Company
from .handing_over import (
    check_off,
    customers,
    decide,
    fire,
    handovers,
    items,
    leave,
    manager,
    move,
    owners,
    release,
    rep,
    the_handover,
    wait_for_the_move,
)


def only_grade_b(company: Company, *employee_ids: str) -> None:
    for each in employee_ids:
        company.profile(each, grades=[lead_pb2.GRADE_B])


@pytest.mark.spec("LD10.1")
def test_any_number_of_held_handovers_stops_no_later_one(company: Company) -> None:
    stuck = [f"E{n:02d}" for n in range(20)]
    company.hire(*stuck, "E20", "T1")
    only_grade_b(company, "T1")
    for at, each in enumerate(stuck):
        customers(company, each, 1, first=at + 1, grade=lead_pb2.GRADE_A)
    customers(company, "E20", 1, first=99)
    gone = [company.employee(each, version=2, status="departed") for each in (*stuck, "E20")]
    company.directory.status |= dict.fromkeys((*stuck, "E20"), "departed")
    deliver(company.service, *gone[:20])
    fire(company)
    deliver(company.service, gone[20])
    fire(company)
    assert wait_for_the_move(company) == 1
    assert owners(company, "C00099") == {"C00099": "T1"}
    assert Counter(each.held for each in handovers(company)) == {1: 20, 0: 1}


@pytest.mark.spec("LD10.1", "LD4.1", "LD4.6")
@pytest.mark.parametrize("by_hand", [False, True])
def test_whom_a_refresh_finds_gone_between_the_answer_and_the_move_gets_nothing(
    company: Company, by_hand: bool
) -> None:
    company.hire("E1", "E2", "E3")
    customers(company, "E1", 2)
    leave(company, "E1")
    if by_hand:
        decide(company, the_handover(company).handover_id, "E2")
    release(company, the_handover(company).handover_id)
    guard = GuardServiceStub(company.rpc(company.service, as_=as_hq()))

    def meanwhile() -> None:
        company.directory.meanwhile = lambda: None
        company.directory.status["E2"] = "departed"
        guard.RefreshAccounts(guard_pb.RefreshAccountsRequest(request_id=new_id()))

    company.directory.meanwhile = meanwhile
    assert move(company) < 2
    assert "E2" not in owners(company).values()
    move(company)
    assert set(owners(company).values()) == {"E3"}


@pytest.mark.spec("LD10.1")
def test_what_a_manager_decides_during_the_move_is_what_happens(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    customers(company, "E1", 2)
    leave(company, "E1")
    found = the_handover(company)
    release(company, found.handover_id)
    one, other = items(company, found.handover_id)
    hers = {"E2": "E3", "E3": "E2"}[one.planned_to]

    def meanwhile() -> None:
        company.directory.meanwhile = lambda: None
        assert decide(company, found.handover_id, hers, one.item_id) == 1

    company.directory.meanwhile = meanwhile
    assert move(company) == 1, "what nobody decided on has moved"
    assert move(company) == 1
    taken = {each.item_id: each.taker_id for each in items(company, found.handover_id)}
    assert taken == {one.item_id: hers, other.item_id: other.planned_to}


@pytest.mark.spec("LD10.1", "LD3.2")
def test_a_package_of_many_batches_is_split_as_if_it_were_one(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    company.closed("E2", won=12, lost=8)
    company.closed("E3", won=8, lost=12)
    customers(company, "E1", 250)
    company.directory.status["E1"] = "departed"
    deliver(company.service, company.employee("E1", version=2, status="departed"))
    DeadlineRunner(company.service.uow, company.service.deadlines).turn()
    found = the_handover(company)
    assigner = company.app.assigner
    whole = plan(assigner, read_package(assigner, head(company, found)), assigner.policies.current("handover")[1])
    release(company, found.handover_id)
    assert move_handovers(assigner) == 250
    expected = Counter(choice.employee_id for choice in whole.values() if choice)
    assert min(expected.values()) > 50
    with company.service.runtime.database.connect() as conn:
        assert Counter(conn.scalars(select(tables.customer.c.owner_id))) == expected


@pytest.mark.spec("LD10.1")
def test_a_handover_of_which_the_last_held_part_is_gone_is_closed_when_the_rest_is_checked_off(
    company: Company,
) -> None:
    company.hire("E1", "E2")
    only_grade_b(company, "E2")
    customers(company, "E1", 2)
    customers(company, "E1", 1, first=9, grade=lead_pb2.GRADE_A)
    leave(company, "E1")
    wait_for_the_move(company)
    found = the_handover(company)
    assert (found.state, found.moved, found.held) == (pb.HANDOVER_STATE_MOVING, 2, 1)
    check_off(company, found.handover_id, manager(), "giver")
    check_off(company, found.handover_id, rep("E2"), "taker", accept_gaps=True)
    company.hire("E3")
    customers(company, "E3", 1, first=9, grade=lead_pb2.GRADE_A)
    assert move(company) == 0
    assert the_handover(company).state == pb.HANDOVER_STATE_CLOSED
    (closed,) = company.events("customers.handover_closed")
    assert (closed.message.outcome, closed.message.moved) == ("done", 2)
    assert company.next_due() is None, "nobody is reminded of nothing"


@pytest.mark.spec("LD10.1")
def test_a_handover_whose_moved_part_was_passed_on_does_not_end_as_if_there_had_been_nothing(
    company: Company,
) -> None:
    company.hire("E1", "E2")
    only_grade_b(company, "E2")
    customers(company, "E1", 1)
    customers(company, "E1", 1, first=9, grade=lead_pb2.GRADE_A)
    leave(company, "E1")
    wait_for_the_move(company)
    company.hire("E3")
    only_grade_b(company, "E3")
    leave(company, "E2")
    wait_for_the_move(company)
    first = next(each for each in handovers(company) if each.employee_id == "E1")
    assert (first.passed_on, first.held) == (1, 1)
    customers(company, "E3", 1, first=9, grade=lead_pb2.GRADE_A)
    move(company)
    closed = {each.message.employee_id: each.message for each in company.events("customers.handover_closed")}
    assert closed["E1"].outcome == "done"


def head(company: Company, found: pb.Handover) -> Any:
    with company.service.runtime.database.connect() as conn:
        own = tables.handover.c.handover_id == found.handover_id
        return conn.execute(select(tables.handover).where(own)).one()


@pytest.mark.spec("LD10.1")
def test_a_customer_of_the_new_team_stays_with_who_moved_there(company: Company) -> None:
    west = {"unit": "/HQ/WEST/CD1/", "manager_id": "M2"}
    company.hire("M2", position="team_manager", duties=["manager"], unit="/HQ/WEST/CD1/", manager_id="D1")
    company.hire("E1", "E2")
    company.hire("E3", **west)
    customers(company, "E1", 1)
    customers(company, "E3", 1, first=2)
    deliver(company.service, company.employee("E1", version=2, **west))
    fire(company)
    company.clock.advance(timedelta(minutes=1))
    customers(company, "E1", 1, first=2)
    assert wait_for_the_move(company) == 1
    assert owners(company) == {"C00001": "E2", "C00002": "E1"}


@pytest.mark.spec("LD10.1", "LD1.4")
def test_who_has_but_a_part_of_anothers_customer_hands_over_nothing(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    customers(company, "E2", 1, first=2)
    c = tables.customer.c
    with company.service.runtime.database.begin() as conn:
        whole = select(c.customer_id).where(c.owner_id == "E2").scalar_subquery()
        conn.execute(update(tables.customer).where(c.owner_id == "E1").values(merged_into=whole))
    leave(company, "E1")
    assert handovers(company) == []
