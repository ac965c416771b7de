"""Who waits for an owner for too long is told of, and is a figure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.kernel.ids import new_id
from chassis.metrics import metrics
from chassis.testing.identity import as_hq, as_manager
from closeloop.leads.v1 import assignment_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as lead_service
from leads.assignment.alert_waiting import alert_waiting
from leads.assignment.count_waiting import show_waiting
from leads.assignment.drain_waiting import drain_waiting

from .company import UNIT, Company


def figures(company: Company, as_: object = None) -> pb.CountWaitingResponse:
    return company.assignment(as_ or as_hq()).CountWaiting(pb.CountWaitingRequest())


def shown(name: str) -> float:
    return metrics.registry.get_sample_value(name) or 0.0


@pytest.fixture
def waiting(company: Company) -> Company:
    """One rep in Hangzhou; the directory is away, so every lead waits."""
    company.hire("E1")
    company.profile("E1", city="杭州", province="浙江")
    company.directory.away = True
    return company


@pytest.mark.spec("LD3.8")
def test_an_a_lead_that_waits_for_more_than_30_minutes_alerts_the_manager_once(waiting: Company) -> None:
    a_lead = waiting.capture_a("甲公司", phone="13800000001", city="杭州")
    waiting.capture("乙公司", city="杭州")
    waiting.clock.advance(timedelta(minutes=29))
    assert alert_waiting(waiting.app.assigner) == 0
    waiting.clock.advance(timedelta(minutes=1))
    assert alert_waiting(waiting.app.assigner) == 1
    assert alert_waiting(waiting.app.assigner) == 0
    (alert,) = waiting.events("leads.waits_too_long")
    assert (alert.message.lead_id, alert.message.minutes, list(alert.message.manager_ids)) == (
        a_lead.lead_id, 30, ["M1"],
    )  # fmt: skip
    assert alert.message.reason_zh == "没有任何候选人的账号状态可以确认。"


@pytest.mark.spec("LD3.8")
def test_a_lead_far_from_everybody_alerts_without_a_name_and_one_of_the_province_its_managers(
    waiting: Company,
) -> None:
    waiting.capture_a("远公司", phone="13800000001", city="乌鲁木齐", province="新疆")
    waiting.capture_a("近公司", phone="13800000002", city="宁波", province="浙江")
    waiting.clock.advance(timedelta(minutes=31))
    assert alert_waiting(waiting.app.assigner) == 2
    told = {
        each.message.company_name: list(each.message.manager_ids) for each in waiting.events("leads.waits_too_long")
    }
    assert told == {"远公司": [], "近公司": ["M1"]}


@pytest.mark.spec("LD3.8", "LD2.1")
def test_a_waiting_lead_that_becomes_an_a_lead_alerts_for_the_time_it_has_waited(waiting: Company) -> None:
    lead = waiting.capture("乙公司", city="杭州").lead
    waiting.clock.advance(timedelta(minutes=40))
    assert alert_waiting(waiting.app.assigner) == 0
    known = lead_pb2.Qualification(first_touch_due_hours=24, budget_confirmed=True, decision_chain=["总经理"])
    waiting.leads().GradeLead(
        lead_service.GradeLeadRequest(
            request_id=new_id(), lead_id=lead.lead_id, grade=lead_pb2.GRADE_A, qualification=known, reason="核实"
        )
    )
    assert alert_waiting(waiting.app.assigner) == 1


@pytest.mark.spec("LD3.8")
def test_who_waits_a_second_time_is_told_of_a_second_time(waiting: Company) -> None:
    lead = waiting.capture_a("甲公司", city="杭州")
    waiting.clock.advance(timedelta(minutes=31))
    assert alert_waiting(waiting.app.assigner) == 1
    waiting.directory.away = False
    assert drain_waiting(waiting.app.assigner) == 1
    assert alert_waiting(waiting.app.assigner) == 0
    from .test_recall import recall

    assert recall(waiting, "E1", waiting.clock.now() - timedelta(hours=2)).released == 1
    waiting.clock.advance(timedelta(minutes=31))
    assert alert_waiting(waiting.app.assigner) == 1
    assert [each.message.lead_id for each in waiting.events("leads.waits_too_long")] == [lead.lead_id] * 2


@pytest.mark.spec("LD3.8")
def test_leads_unassigned_for_more_than_48_hours_are_a_figure(waiting: Company) -> None:
    waiting.capture_a("甲公司", phone="13800000001")
    waiting.capture("乙公司")
    waiting.clock.advance(timedelta(hours=47))
    waiting.capture("丙公司")
    found = figures(waiting)
    assert (dict(found.waiting), found.a_overdue, found.unassigned_overdue) == ({"A": 1, "B": 0, "C": 2}, 1, 0)
    waiting.clock.advance(timedelta(hours=1))
    assert figures(waiting, as_manager("M1", UNIT)).unassigned_overdue == 2
    show_waiting(waiting.app.assigner)
    assert shown("closeloop_leads_unassigned_overdue") == 2
    assert shown("closeloop_leads_a_waiting_overdue") == 1
    waiting.directory.away = False
    drain_waiting(waiting.app.assigner)
    show_waiting(waiting.app.assigner)
    assert figures(waiting).unassigned_overdue == shown("closeloop_leads_unassigned_overdue") == 0
