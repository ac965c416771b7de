"""Leads that come in for a customer while it is handed over are the new owner's (LD10.1)."""

from __future__ import annotations

import pytest

from chassis.testing.events import deliver
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.lead_pb2 import Lead

from .company import Company
from .handing_over import (
    come_back,
    customers,
    decide,
    fire,
    items,
    leave,
    owners,
    the_handover,
    wait_for_the_move,
)

PHONE = "057188880001"


def captured(company: Company) -> Lead:
    return company.capture("第1客户有限公司", phone=PHONE).lead


@pytest.fixture
def leaving(company: Company) -> Company:
    """E1, who has one customer, leaves; the package is drafted, and E2, who has the most room, shall take it over."""
    company.hire("E1", "E2", "E3", "E4")
    customers(company, "E1", 1, phone=PHONE)
    leave(company, "E1")
    (item,) = items(company, the_handover(company).handover_id)
    assert item.planned_to == "E2"
    return company


@pytest.mark.spec("LD10.1", "LD1.3", "LD3.10")
def test_a_lead_of_a_customer_under_way_goes_to_who_takes_it_over_and_says_why(leaving: Company) -> None:
    handover_id = the_handover(leaving).handover_id
    decide(leaving, handover_id, "E4", items(leaving, handover_id)[0].item_id)
    lead = captured(leaving)
    assert lead.owner_id == "E4", "as the manager decided, not as the rules would choose"
    told = leaving.explain(lead.lead_id)
    assert told.summary == "It went to 员工E4, who takes the customer over from 员工E1."
    assert told.summary_zh == "客户正由员工E1移交给员工E4，线索归员工E4。"
    assert told.decision.outcome == leaving.events("leads.assigned")[-1].message.how == "customer_taker"
    assert ("E4",) in leaving.directory.asked, "through the probe, as every owner"
    wait_for_the_move(leaving)
    assert owners(leaving) == {"C00001": "E4"}
    assert leaving.get(lead.lead_id).owner_id == "E4"


@pytest.mark.spec("LD10.1", "LD4.1")
def test_a_taker_who_left_meanwhile_gets_nothing(leaving: Company) -> None:
    leaving.directory.status["E2"] = "departed"
    deliver(leaving.service, leaving.employee("E2", version=2, status="departed"))
    assert captured(leaving).owner_id in ("E3", "E4")


@pytest.mark.spec("LD10.1", "LD4.2")
def test_a_taker_who_can_not_be_verified_keeps_the_claim(leaving: Company) -> None:
    leaving.directory.away = True
    lead = captured(leaving)
    assert (lead.state, lead.owner_id) == (lead_pb2.LEAD_STATE_HELD, "")


@pytest.mark.spec("LD10.1")
def test_who_moves_to_another_team_begins_nothing_more(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1, phone=PHONE)
    away = {"unit": "/HQ/NORTH/BJ1/", "manager_id": "M9"}
    deliver(company.service, company.employee("E1", version=2, **away))
    fire(company)
    assert items(company, the_handover(company).handover_id)[0].planned_to == "E2"
    assert captured(company).owner_id == "E2", "the customer is E1's still, and on its way"


@pytest.mark.spec("LD10.1")
def test_who_comes_back_before_the_move_has_the_customer_as_before(leaving: Company) -> None:
    come_back(leaving, "E1", version=3)
    assert captured(leaving).owner_id == "E1"


@pytest.mark.spec("LD10.1")
def test_after_the_move_the_new_owner_gets_it_as_the_owner(leaving: Company) -> None:
    wait_for_the_move(leaving)
    lead = captured(leaving)
    assert lead.owner_id == "E2"
    assert leaving.events("leads.assigned")[-1].message.how == "customer_owner"
