"""A customer of several records is read as one by everybody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_service
from closeloop.integration.v1.events_pb2 import ServiceCallRecorded
from closeloop.leads.v1 import churn_service_pb2 as churn_pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1.churn_service_pb2_grpc import ChurnServiceStub
from leads.customer_grades.facts_store import facts
from leads.customer_grades.policy import CustomerGradePolicy
from leads.customer_grades.regrade_customers import regrade_due
from leads.policies import CUSTOMER_GRADES

from .company import UNIT, Company, stamp
from .customer_grading import override
from .handing_over import items, leave, owners, the_handover, wait_for_the_move
from .merging import OTHER_PHONE, PHONE, get, merge, merges, pair, part
from .test_customer_file import add_contact, add_credential, change, file
from .test_customer_layers import AT, HOUR, follow_up, interactions
from .test_duplicates import fails, rows
from .test_from_outside import customer
from .test_purchases import created, order


@pytest.mark.spec("LD1.4", "LD9.1", "LD9.2")
def test_the_file_is_read_over_both_records_whatever_came_before_or_after(company: Company) -> None:
    two = pair(company)
    for each in (two.kept, two.other):
        add_contact(company, each)
        follow_up(company, AT, customer_id=each)
    add_credential(company, two.other)
    lead = company.capture(phone="13800000009").lead.lead_id
    with company.service.runtime.database.begin() as conn:
        conn.execute(text("UPDATE lead SET customer_id = :of WHERE lead_id = :lead"), {"of": two.other, "lead": lead})
    before = file(company, two.kept)
    merge(company, two.kept, two.other)
    follow_up(company, AT + HOUR, customer_id=two.other)
    late = add_contact(company, two.other, name="李主任")
    found = file(company, two.kept)
    assert (len(found.contacts), len(found.credentials), late.customer_id) == (3, 1, two.kept)
    assert found.completeness.percent > before.completeness.percent
    visits = [each for each in interactions(company, two.kept, size=2) if each.channel == "visit"]
    assert len(visits) == 3
    assert [each.kind for each in found.service_track] == ["lead"]
    # Whoever asks for the merged one is shown the one that goes on.
    assert file(company, two.other) == found
    assert get(company, two.other).customer_id == two.kept
    listed = company.customers().ListCustomers(customer_pb.ListCustomersRequest()).customers
    assert [each.customer_id for each in listed] == [two.kept]
    with company.service.uow.read(as_service("leads")) as tx:
        known = facts(tx, [two.kept], date(2026, 3, 10), CustomerGradePolicy())[two.kept]
    assert (known.contacts, known.deciders, known.open_count) == (1, 3, 1)


@pytest.mark.spec("LD9.2", "LD1.4")
def test_orders_of_both_are_one_buyers_and_go_back_to_whom_they_name(company: Company) -> None:
    two = pair(company, other={"customer_code": "C-2"})
    deliver(
        company.service,
        order("SO-1", at=AT - timedelta(days=2)),
        order("SO-2", customer_code="C-2", at=AT - timedelta(days=1)),
    )
    assert bought(company) == (2, 0)
    merged = merge(company, two.kept, two.other)
    deliver(
        company.service,
        order("SO-3", customer_code="C-2", at=AT - timedelta(days=3)),
        order("SO-2", version=2, customer_code="C-2"),
    )
    created(company, two.kept, updated=True)
    created(company, two.other, updated=True)
    assert bought(company) == (1, 1)
    assert file(company, two.other).purchases.orders == 3
    part(company, merged.merge_id)
    created(company, two.other, updated=True)
    assert bought(company) == (2, 1)
    assert (file(company, two.kept).purchases.orders, file(company, two.other).purchases.orders) == (1, 2)


def bought(company: Company) -> tuple[int, int]:
    """Buyers, and those who bought again."""
    stub = ChurnServiceStub(company.rpc(company.service, as_=as_hq()))
    churn = stub.GetChurnReport(churn_pb.GetChurnReportRequest()).totals[0]
    return churn.buyers, stub.GetRepeatReport(churn_pb.GetRepeatReportRequest()).total.repeated


@pytest.mark.spec("LD9.1", "LD1.4")
def test_a_service_call_that_names_the_merged_number_is_in_the_one_file(company: Company) -> None:
    two = pair(company, other={"customer_code": "C-2"})
    merge(company, two.kept, two.other)
    call = ServiceCallRecorded(call_id="T-1", version=1, customer_code="C-2", subject="停机", reported_at=stamp(AT))
    deliver(company.service, call)
    assert file(company, two.kept).service.calls == 1


@pytest.mark.spec("LD1.3", "LD1.4")
def test_a_lead_that_matches_the_merged_record_goes_to_the_owner_of_the_one_that_goes_on(company: Company) -> None:
    two = pair(company, {"owner_id": "E2"}, {"phone": OTHER_PHONE, "owner_id": "E1"})
    merge(company, two.kept, two.other)
    company.hire("E3")
    lead = company.capture("杭州第一人民医院", phone="13800000002").lead
    assert company.get(lead.lead_id).owner_id == "E2"
    assert rows(company, "SELECT CAST(customer_id AS text) FROM lead") == [(two.kept,)]


@pytest.mark.spec("LD1.4")
def test_chains_are_read_to_their_end_and_undone_from_it(company: Company) -> None:
    two = pair(company, other={"customer_code": "C-2"})
    end = customer(company, "杭州市第一医院", customer_code="C-3", owner_id="E1", unit=UNIT)
    deliver(company.service, order("SO-1", customer_code="C-2"), order("SO-2", customer_code="C-1"))
    first = merge(company, two.kept, two.other)
    last = merge(company, end, two.kept)
    assert {get(company, each).customer_id for each in (two.kept, two.other, end)} == {end}
    assert file(company, end).purchases.orders == 2
    assert [each.merged_customer_id for each in merges(company, two.other)] == [two.kept, two.other]
    assert fails(part, company, first.merge_id) == "CUSTOMER_MERGED_ON"
    assert fails(merge, company, two.other, end) == "CUSTOMER_IS_MERGED"
    part(company, last.merge_id)
    assert (get(company, two.other).customer_id, file(company, end).purchases.orders) == (two.kept, 0)
    assert file(company, two.kept).purchases.orders == 2
    part(company, first.merge_id)
    assert [file(company, each).purchases.orders for each in (two.kept, two.other)] == [1, 1]
    assert fails(part, company, first.merge_id) == "CUSTOMER_MERGE_UNDONE"
    told = [
        (each.type, each.message.merged_id, each.message.kept_id) for each in company.events() if "merged" in each.type
    ]
    assert told == [
        ("customers.merged", two.other, two.kept),
        ("customers.merged", two.kept, end),
        ("customers.merged", two.other, end),
        ("customers.unmerged", two.kept, end),
        ("customers.merged", two.other, two.kept),
        ("customers.unmerged", two.other, two.kept),
    ]


@pytest.mark.spec("LD2.2", "LD1.4")
def test_the_one_that_goes_on_is_graded_for_both(company: Company) -> None:
    two = pair(company)
    merge(company, two.kept, two.other)
    regrade_due(company.service.uow, CUSTOMER_GRADES)
    created(company, two.other, updated=True)
    assert regrade_due(company.service.uow, CUSTOMER_GRADES) == 1
    assert rows(company, "SELECT CAST(customer_id AS text) FROM customer_grade") == [(two.kept,)]


@pytest.mark.spec("LD9.1", "LD1.4")
def test_contacts_of_both_records_are_one_decision_chain(company: Company) -> None:
    two = pair(company)
    boss = add_contact(company, two.kept)
    other = add_contact(company, two.other, name="李主任")
    assert (boss.primary, other.primary) == (True, True)
    merge(company, two.kept, two.other)
    change(company, other, reports_to=boss.contact_id)
    chain = {each.name: each for each in file(company, two.kept).contacts}
    assert {name: (each.primary, each.reports_to) for name, each in chain.items()} == {
        "王院长": (False, ""), "李主任": (True, boss.contact_id),
    }  # fmt: skip
    assert fails(lambda: change(company, chain["王院长"], reports_to=other.contact_id)) == "INVALID_INPUT"


@pytest.mark.spec("LD1.4", "LD9.2")
def test_a_number_that_was_taken_over_is_told_of_one_customer_alone(company: Company) -> None:
    two = pair(company, {"customer_code": None}, {"customer_code": "C-2"})
    override(company, two.other, as_hq())
    merge(company, two.kept, two.other)
    company.hire("E1", version=2, unit="/HQ/EAST/NB/")
    company.pass_time(company.clock.now() + timedelta(days=91))
    (_, ended) = ((each.message.kind, each.message.customer_id) for each in company.events("customers.graded"))
    assert ended == ("expired", two.other)
    borne = {each.message.customer_id: each.message.customer for each in company.events("customers.updated")}
    assert {each.customer_code: each.customer_id for each in borne.values()} == {"C-2": two.kept, "": two.other}
    assert borne[two.other].unit == "/HQ/EAST/NB/"


@pytest.mark.spec("LD1.4", "LD10.1")
def test_a_record_that_was_merged_since_the_package_was_drafted_is_handed_over_without_the_number(
    company: Company,
) -> None:
    two = pair(company, {"customer_code": None}, {"customer_code": "C-2"})
    leave(company, "E1")
    merge(company, two.kept, two.other)
    assert wait_for_the_move(company) == 2
    assert owners(company) == {"C-2": "E2"}
    told = {each.message.customer_id: each.message.customer for each in company.events("customers.updated")}
    assert {each: (of.customer_code, of.owner_id) for each, of in told.items()} == {
        two.kept: ("C-2", "E2"), two.other: ("", "E2"),
    }  # fmt: skip


@pytest.mark.spec("LD1.4", "LD9.1", "LD10.1")
def test_who_takes_over_a_record_that_was_merged_is_asked_for_the_one_file(company: Company) -> None:
    two = pair(company, {"phone": PHONE, "industry": "医院"})
    add_contact(company, two.kept)
    leave(company, "E1")
    assert wait_for_the_move(company) == 2
    merge(company, two.kept, two.other)
    whole = file(company, two.kept).completeness.percent
    assert whole > 0
    assert {each.completeness for each in items(company, the_handover(company).handover_id)} == {whole}
