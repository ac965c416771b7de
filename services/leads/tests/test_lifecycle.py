"""A lead in its owner's hands, through the real door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from chassis.errors import Conflict, FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.common.v1.money_pb2 import Money
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as pb

from .company import Company


def convert(company: Company, lead: lead_pb2.Lead, **changes: Any) -> lead_pb2.Lead:
    values = {
        "request_id": new_id(),
        "lead_id": lead.lead_id,
        "opportunity_name": "实验室设备",
        "expected_amount": Money(fen=5_200_000),
        "expected_close": "2026-03-31",
    } | changes
    return company.leads(as_rep(lead.owner_id)).ConvertLead(pb.ConvertLeadRequest(**values)).lead


def grade(company: Company, lead: lead_pb2.Lead, to: Any, **changes: Any) -> lead_pb2.Lead:
    values = {"request_id": new_id(), "lead_id": lead.lead_id, "grade": to, "reason": "电话确认"} | changes
    return company.leads(as_rep(lead.owner_id)).GradeLead(pb.GradeLeadRequest(**values)).lead


@pytest.mark.spec("LD1.7")
def test_an_accepted_lead_converts_into_an_opportunity_and_a_customer(company: Company) -> None:
    company.hire("E1")
    lead = company.accept(company.capture_a(phone="13800138000"))
    done = convert(company, lead, contract_number="HT-1")
    assert done.state == lead_pb2.LEAD_STATE_CONVERTED
    event = company.events("leads.converted")[0].message
    assert (event.opportunity_id, event.customer_id) == (done.opportunity_id, done.customer_id)
    assert (event.expected_amount.fen, event.contract_number, event.owner_id) == (5_200_000, "HT-1", "E1")
    created = company.events("customers.created")[0].message.customer
    assert (created.name, created.owner_id, created.unit) == ("杭州云启科技有限公司", "E1", "/HQ/EAST/HZ1/")
    assert company.next_due() is None
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT open_a FROM rep WHERE employee_id = 'E1'")) == 0


@pytest.mark.spec("LD1.7")
def test_a_second_lead_of_the_firm_links_the_customer(company: Company) -> None:
    company.hire("E1")
    first = convert(company, company.accept(company.capture_a(phone="13800138000")))
    second = convert(company, company.accept(company.capture_a("杭州云启科技", phone="13800138000")))
    assert second.customer_id == first.customer_id
    assert len(company.events("customers.created")) == 1


@pytest.mark.spec("LD1.7")
def test_an_illegal_command_names_the_allowed_ones(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    with pytest.raises(FailedPrecondition) as refused:
        convert(company, lead)
    assert refused.value.reason == "ILLEGAL_COMMAND"
    assert refused.value.metadata["state"] == "assigned"
    assert "accept" in refused.value.allowed
    assert company.get(lead.lead_id).etag == lead.etag, "nothing was written"


@pytest.mark.spec("LD1.7")
def test_a_disqualified_lead_can_be_reopened_by_a_manager(company: Company) -> None:
    company.hire("E1")
    lead = company.capture_a()
    request = pb.DisqualifyLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="无预算")
    closed = company.leads(as_rep("E1")).DisqualifyLead(request).lead
    assert (closed.state, closed.reason) == (lead_pb2.LEAD_STATE_DISQUALIFIED, "无预算")
    reopen = pb.ReopenLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="客户回电")
    with pytest.raises(PermissionDenied):
        company.leads(as_rep("E1")).ReopenLead(reopen)
    assert company.leads(as_manager()).ReopenLead(reopen).lead.state == lead_pb2.LEAD_STATE_NEW
    with pytest.raises(FailedPrecondition):
        company.leads(as_hq()).ReopenLead(pb.ReopenLeadRequest(request_id=new_id(), lead_id=lead.lead_id, reason="x"))


@pytest.mark.spec("LD1.7", "LD13.1")
@pytest.mark.parametrize("day", ["2026-03-09", "2026-02-30"])
def test_the_expected_close_is_a_day_from_today_on(company: Company, day: str) -> None:
    company.hire("E1")
    lead = company.accept(company.capture_a())
    with pytest.raises(InvalidInput) as refused:
        convert(company, lead, expected_close=day)
    assert refused.value.violations[0].field == "expected_close"
    with pytest.raises(InvalidInput):
        convert(company, lead, expected_amount=Money(fen=-1))


@pytest.mark.spec("LD2.1")
def test_a_grade_whose_fields_are_missing_is_refused_field_by_field(company: Company) -> None:
    company.hire("E1")
    lead = company.capture().lead
    with pytest.raises(FailedPrecondition) as refused:
        grade(company, lead, lead_pb2.GRADE_A)
    assert refused.value.reason == "GRADE_CRITERIA_NOT_MET"
    assert [each.name for each in refused.value.missing] == [
        "qualification.first_touch_due_hours",
        "qualification.budget_confirmed",
        "qualification.decision_chain",
    ]
    assert company.get(lead.lead_id).grade == lead_pb2.GRADE_UNSPECIFIED


@pytest.mark.spec("LD2.1", "LD3.2")
def test_a_new_grade_is_recorded_and_weighs_in_the_owners_load(company: Company) -> None:
    company.hire("E1")
    lead = company.capture().lead
    known = lead_pb2.Qualification(first_touch_due_hours=48, budget_confirmed=True, decision_chain=["厂长"])
    assert grade(company, lead, lead_pb2.GRADE_A, qualification=known).grade == lead_pb2.GRADE_A
    event = company.events("leads.graded")[0].message
    assert (event.before, event.after, event.reason, event.actor) == ("", "A", "电话确认", "E1")
    with company.service.runtime.database.connect() as conn:
        counts = conn.execute(text("SELECT open_a, open_c FROM rep WHERE employee_id = 'E1'")).one()
    assert tuple(counts) == (1, 0)


@pytest.mark.spec("P1.4", "LD1.7")
def test_a_manager_sees_a_reps_lead_but_does_not_work_on_it(company: Company) -> None:
    company.hire("E1")
    lead = company.capture().lead
    with pytest.raises(PermissionDenied) as refused:
        company.accept(lead, as_=as_manager())
    assert refused.value.reason == "NOT_THE_OWNER"
    assert company.get(lead.lead_id).state == lead_pb2.LEAD_STATE_ASSIGNED


@pytest.mark.spec("P1.4")
def test_a_lead_of_another_team_is_not_found(company: Company) -> None:
    company.hire("E1")
    lead = company.capture().lead
    for stranger in (as_rep("E2"), as_manager("M9", "/HQ/WEST/CD1/")):
        with pytest.raises(NotFound):
            company.get(lead.lead_id, as_=stranger)
        with pytest.raises(NotFound):
            company.accept(lead, as_=stranger)
    assert company.get(lead.lead_id, as_=as_manager()).lead_id == lead.lead_id
    seen = company.leads(as_rep("E2")).ListLeads(pb.ListLeadsRequest()).leads
    assert list(seen) == []


@pytest.mark.spec("P1.1")
def test_an_old_etag_is_refused(company: Company) -> None:
    company.hire("E1")
    lead = company.capture().lead
    request = pb.AcceptLeadRequest(request_id=new_id(), lead_id=lead.lead_id, etag="1")
    with pytest.raises(Conflict):
        company.leads(as_rep("E1")).AcceptLead(request)
    request = pb.AcceptLeadRequest(request_id=new_id(), lead_id=lead.lead_id, etag=lead.etag)
    assert company.leads(as_rep("E1")).AcceptLead(request).lead.state == lead_pb2.LEAD_STATE_ACCEPTED


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize("order", [pb.LEAD_ORDER_NEWEST, pb.LEAD_ORDER_OLDEST, pb.LEAD_ORDER_DUE])
def test_pages_are_whole_and_stable_while_leads_come_in(company: Company, order: Any) -> None:
    company.hire("E1")
    ids = []
    for number in range(7):
        company.clock.advance(timedelta(seconds=number % 2))
        ids.append(company.capture(f"第{number}公司").lead.lead_id)
    seen: list[str] = []
    token = ""
    while True:
        page = PageRequest(size=3, token=token)
        answer = company.leads().ListLeads(pb.ListLeadsRequest(page=page, order=order))
        seen += [each.lead_id for each in answer.leads]
        company.clock.advance(timedelta(days=30))
        company.capture(f"后来{len(seen)}公司")
        company.clock.advance(timedelta(days=-30))
        token = answer.page.next_token
        if not token or len(seen) >= 7:
            break
    expected = ids[::-1] if order == pb.LEAD_ORDER_NEWEST else ids
    assert seen[:7] == expected


@pytest.mark.spec("P1.1")
def test_leads_are_found_by_what_people_know(company: Company) -> None:
    company.hire("E1")
    lead = company.capture("上海百分之百%公司", phone="13800138000", contact_name="王芳", city="上海市").lead
    company.capture("杭州云启科技有限公司", phone="13900139000")

    def found(**wish: Any) -> list[str]:
        return [each.lead_id for each in company.leads().ListLeads(pb.ListLeadsRequest(**wish)).leads]

    for wish in ({"text": "百分之百%"}, {"text": "王芳"}, {"text": "8001380"}, {"city": "上海"}, {"city": "上海市"}):
        assert found(**wish) == [lead.lead_id]
    assert len(found(text="%")) == 1
    assert found(states=[lead_pb2.LEAD_STATE_CONVERTED]) == []
    assert len(found(grades=[lead_pb2.GRADE_UNSPECIFIED])) == 2
    assert found(yellow=True) == []
