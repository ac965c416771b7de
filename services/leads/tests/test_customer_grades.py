"""Grades of customers as events, nights, policies and people change them, through the service's own doors."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from sqlalchemy import func, insert, select, update

from chassis.errors import InvalidInput, PermissionDenied
from chassis.jobs import JobRunner
from chassis.kernel.ids import new_id
from chassis.metrics import metrics
from chassis.testing.events import deliver
from chassis.testing.identity import as_director, as_rep, as_service
from closeloop.activity.v1.events_pb2 import FollowUpRecorded
from closeloop.common.v1.money_pb2 import Money
from closeloop.forecast.v1.events_pb2 import OpportunityWon
from closeloop.integration.v1.events_pb2 import ReceiptClaimed, ReceiptUnclaimed
from closeloop.leads.v1 import customer_grade_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.events_pb2 import CustomerFacts, CustomerUpdated
from leads import tables
from leads.customer_grades import store
from leads.customer_grades.count_marked import show_marked
from leads.customer_grades.mark_customers import mark_nightly
from leads.customer_grades.policy import FACTORS

from .company import UNIT, Company, stamp
from .customer_grading import BIG, A, B, C, changes, door, grade, mark, override, parts, regraded, told
from .test_duplicates import merge
from .test_from_outside import AT, customer
from .test_purchases import order


@pytest.mark.spec("LD2.2")
def test_a_big_order_makes_an_a_with_the_reason(company: Company, known: str) -> None:
    deliver(company.service, order(amount=BIG))
    assert regraded(company) == 1
    found = grade(company, known, as_rep("E1", UNIT))
    assert (found.grade, found.declared, found.score, found.known) == (B, C, 0.6667, 0.6)
    assert parts(found) == {"revenue": 1.0, "potential": 0.0, "payment": None, "relationship": None}
    assert found.parts[0].text_zh == "近 365 天订单 2,000,000 元。"
    [line] = changes(company, known)
    assert (line.kind, line.before, line.after, line.text_zh) == ("computed", C, B, "评分 0.67：首次计算。")
    [event] = told(company)
    assert (event.before, event.after, event.kind, event.owner_id) == ("C", "B", "computed", "E1")
    assert company.events("customers.updated")[-1].message.customer.grade == "B"


@pytest.mark.spec("LD2.2")
def test_before_the_erp_tells_of_orders_nobody_is_graded_by_having_none(company: Company, known: str) -> None:
    mark(company, known)
    regraded(company)
    found = grade(company, known)
    assert (found.grade, found.HasField("score"), parts(found)["revenue"]) == (C, False, None)
    deliver(company.service, order(customer_code="C-2", customer_name="别家"))
    mark(company, known)
    regraded(company)
    assert parts(grade(company, known))["revenue"] == 0.0


@pytest.mark.spec("LD2.2")
def test_nothing_is_told_where_the_grade_stays(company: Company, known: str) -> None:
    deliver(company.service, order(amount=BIG))
    regraded(company)
    deliver(company.service, order(version=2, amount=Money(fen=210_000_000, currency="CNY")))
    assert regraded(company) == 1
    deliver(company.service, order(version=2, amount=Money(fen=210_000_000, currency="CNY")))
    assert regraded(company) == 0
    assert (len(told(company)), len(changes(company, known))) == (1, 1)


@pytest.mark.spec("LD2.2")
def test_a_cancelled_order_counts_no_more(company: Company, known: str) -> None:
    deliver(company.service, order(amount=BIG))
    regraded(company)
    deliver(company.service, order(version=2, amount=BIG, state="cancelled"))
    regraded(company)
    assert grade(company, known).grade == C
    assert changes(company, known)[0].text_zh == "评分 0.67 → 0.00：成交额 -0.67。"


@pytest.mark.spec("LD2.2")
def test_what_is_paid_counts_once_it_is_due(company: Company, known: str) -> None:
    deliver(company.service, order(at=AT - timedelta(days=100)), order("SO-2", at=AT - timedelta(days=10)))
    claim = ReceiptClaimed(receipt_id="R1", claim_id="K1", contract_number="HT-SO-1", arrived_on="2026-01-05",
                           amount=Money(fen=25_000, currency="CNY"))  # fmt: skip
    regraded(company)
    assert parts(grade(company, known))["payment"] is None
    deliver(company.service, claim, times=2)
    regraded(company)
    assert parts(grade(company, known))["payment"] == 0.25
    deliver(company.service, ReceiptUnclaimed(receipt_id="R1", claim_id="K1", contract_number="HT-SO-1"))
    deliver(company.service, claim, ReceiptClaimed(receipt_id="R2", claim_id="K2", contract_number="HT-X"))
    regraded(company)
    assert parts(grade(company, known))["payment"] == 0.0


@pytest.mark.spec("LD2.2")
def test_open_leads_are_potential_and_contacts_make_the_relationship(company: Company, known: str) -> None:
    lead = company.capture("杭州第一医院", qualification=lead_pb2.Qualification(
        budget=Money(fen=25_000_000), decision_chain=["院长", "科主任", "采购"])).lead  # fmt: skip
    with company.service.uow.begin(as_service("leads")) as tx:
        tx.execute(update(tables.lead).where(tables.lead.c.lead_id == lead.lead_id).values(customer_id=known))
        tx.commit()
    deliver(company.service, FollowUpRecorded(
        follow_up_id=new_id(), lead_id=lead.lead_id, author_id="E1", channel="visit", direction="outbound",
        outcome="connected", occurred_at=stamp(company.clock.now())))  # fmt: skip
    assert regraded(company) == 1
    found = parts(grade(company, known))
    assert (found["potential"], found["relationship"]) == (0.5, 0.75)
    company.clock.set(company.clock.now() + timedelta(days=200))
    mark_nightly(company.service.uow)
    regraded(company)
    assert parts(grade(company, known))["relationship"] == 0.2


@pytest.mark.spec("LD2.2", "LD1.4")
def test_contacts_with_a_lead_count_when_it_was_merged_into_the_customers(company: Company, known: str) -> None:
    company.hire("E2")
    kept, merged = (company.capture(name).lead for name in ("杭州第一医院", "杭州市第一人民医院"))
    with company.service.uow.begin(as_service("leads")) as tx:
        tx.execute(update(tables.lead).where(tables.lead.c.lead_id == kept.lead_id).values(customer_id=known))
        tx.commit()
    deliver(company.service, FollowUpRecorded(
        follow_up_id=new_id(), lead_id=merged.lead_id, channel="call", direction="outbound", outcome="connected",
        occurred_at=stamp(company.clock.now())))  # fmt: skip
    mark(company, known)
    regraded(company)
    assert parts(grade(company, known))["relationship"] is None
    merge(company, kept.lead_id, merged.lead_id)
    mark(company, known)
    regraded(company)
    assert parts(grade(company, known))["relationship"] == 0.55


@pytest.mark.spec("LD2.2")
@pytest.mark.parametrize("message", [
    lambda known: OpportunityWon(opportunity_id=new_id(), customer_id=known),
    lambda known: CustomerUpdated(customer_id=known, customer=CustomerFacts(customer_id=known)),
    lambda known: FollowUpRecorded(follow_up_id=new_id(), customer_id=known, occurred_at=stamp(AT)),
])  # fmt: skip
def test_who_something_is_told_of_is_graded_anew_and_nobody_else(company: Company, known: str, message: Any) -> None:
    customer(company, "别家")
    deliver(company.service, message(known))
    assert regraded(company) == 1


@pytest.mark.spec("LD2.2")
def test_each_night_all_are_graded_anew_as_old_orders_count_no_more(company: Company, known: str) -> None:
    other = customer(company, "别家")
    deliver(company.service, order(amount=BIG))
    regraded(company)
    company.clock.set(company.clock.now() + timedelta(days=366))
    mark_nightly(company.service.uow)
    assert regraded(company) == 2
    assert grade(company, known).grade == C
    lonely = grade(company, other)
    assert (lonely.grade, lonely.HasField("score"), lonely.why_zh) == (0, False, "已知信息仅占权重的 20%，不足以评级。")


@pytest.mark.spec("LD2.2")
def test_the_service_grades_by_itself_each_few_seconds_and_all_of_them_at_night(company: Company, known: str) -> None:
    jobs = [each for each in company.service.jobs if each.name.startswith("customer_grades")]
    runner = JobRunner(company.service.uow.database, company.clock, jobs, company.app)
    runner.register()
    deliver(company.service, order(amount=BIG))
    company.clock.advance(timedelta(seconds=6))
    assert runner.turn() == ["customer_grades"]
    assert grade(company, known).grade == B
    company.clock.advance(timedelta(days=366))
    assert "customer_grades.all" in runner.turn()
    company.clock.advance(timedelta(seconds=6))
    assert "customer_grades" in runner.turn()
    assert grade(company, known).grade == C


@pytest.mark.spec("LD2.2")
def test_a_director_changes_the_weights_and_everybody_is_graded_by_them(company: Company, known: str) -> None:
    deliver(company.service, order(amount=BIG))
    regraded(company)
    director = door(company, as_director("D1", "/HQ/EAST/"))
    body = ParseDict({"weights": dict(zip(FACTORS, (0.8, 0.1, 0.05, 0.05), strict=True))}, Struct())
    drafted = director.DraftCustomerGradePolicy(pb.DraftCustomerGradePolicyRequest(
        request_id=new_id(), body=body, reason="成交优先")).policy  # fmt: skip
    assert grade(company, known).grade == B
    director.PublishCustomerGradePolicy(pb.PublishCustomerGradePolicyRequest(
        request_id=new_id(), version=drafted.version))  # fmt: skip
    assert regraded(company) == 1
    found = grade(company, known)
    assert (found.grade, found.policy_version, found.score) == (A, drafted.version, 0.8889)
    wrong = ParseDict({"weights": {"revenue": 0.5}}, Struct())
    with pytest.raises(InvalidInput):
        director.DraftCustomerGradePolicy(pb.DraftCustomerGradePolicyRequest(
            request_id=new_id(), body=wrong, reason="错"))  # fmt: skip
    with pytest.raises(PermissionDenied):
        door(company, as_rep("E1", UNIT)).DraftCustomerGradePolicy(pb.DraftCustomerGradePolicyRequest(
            request_id=new_id(), body=body, reason="我"))  # fmt: skip


@pytest.mark.spec("LD2.2")
def test_all_are_graded_anew_by_command(company: Company, known: str) -> None:
    customer(company, "别家")
    command = pb.RegradeCustomersRequest(request_id=new_id(), reason="年度复核")
    assert door(company).RegradeCustomers(command).customers == 2
    assert regraded(company) == 2


@pytest.mark.spec("LD2.2")
def test_a_mark_whose_facts_are_not_there_yet_waits_for_them(company: Company, known: str) -> None:
    """It came with what it tells of: graded before, the customer would be graded without it."""
    mark(company, known)
    with company.service.uow.begin(as_service("leads")) as telling:
        store.mark(telling, [known])
        assert regraded(company) == 1
        telling.commit()
    assert regraded(company) == 1
    assert regraded(company) == 0


@pytest.mark.spec("LD2.2")
def test_a_customer_that_somebody_holds_is_graded_later_and_nobody_twice(company: Company, known: str) -> None:
    mark(company, known)
    mark(company, new_id())
    with company.service.uow.begin(as_service("leads")) as holding:
        assert [each.customer_id for each in store.lock_customers(holding, [known])] == [known]
        assert regraded(company) == 0
        store.mark(holding, [known])
        holding.commit()
    assert regraded(company) == 1
    with company.service.uow.read(as_service("leads")) as tx:
        assert store.waiting(tx) == 0


@pytest.mark.spec("LD2.2")
def test_the_history_is_read_page_by_page(company: Company, known: str) -> None:
    for letter in (A, B, A):
        override(company, known, grade=letter)
    request = pb.ListCustomerGradeChangesRequest(customer_id=known)
    request.page.size = 2
    first = door(company).ListCustomerGradeChanges(request)
    request.page.token = first.page.next_token
    second = door(company).ListCustomerGradeChanges(request)
    assert [each.after for each in (*first.changes, *second.changes)] == [A, B, A]
    assert second.page.next_token == ""


def test_an_opportunity_counts_until_it_is_decided(company: Company, known: str) -> None:
    def opened(state: str) -> None:
        with company.service.uow.begin(as_service("leads")) as tx:
            record = tables.service_record
            tx.execute(record.delete())
            tx.execute(insert(record).values(
                kind="opportunity", reference="O1", version=1, customer_id=known, state=state, amount_fen=50_000_000,
                currency="CNY", at=datetime(2026, 3, 1, tzinfo=AT.tzinfo)))  # fmt: skip
            store.mark(tx, [known])
            tx.commit()
        regraded(company)

    opened("open")
    assert parts(grade(company, known))["potential"] == 1.0
    opened("lost")
    assert parts(grade(company, known))["potential"] == 0.0
    with company.service.uow.read(as_service("leads")) as tx:
        assert tx.execute(select(tables.customer_grade.c.grade)).scalar_one() == "C"


def shown(company: Company) -> tuple[float, float]:
    """On the metrics page: marks, and the age of the oldest."""
    show_marked(company.app.assigner)
    names = ("closeloop_customer_grades_waiting", "closeloop_customer_grades_age_seconds")
    marks, age = (metrics.registry.get_sample_value(name) for name in names)
    assert None not in (marks, age)
    return marks or 0.0, age or 0.0


@pytest.mark.spec("LD2.2", "P6.1")
def test_who_waits_to_be_graded_and_for_how_long_is_on_the_metrics_page(company: Company, known: str) -> None:
    regraded(company)
    assert shown(company) == (0, 0)
    mark(company, known)
    with company.service.runtime.database.begin() as conn:
        conn.execute(update(tables.customer_grade_due).values(marked_at=func.now() - timedelta(minutes=20)))
    mark(company, known)
    marks, age = shown(company)
    assert (marks, age >= 1200) == (2, True), "the oldest counts"
    regraded(company)
    assert shown(company) == (0, 0)
