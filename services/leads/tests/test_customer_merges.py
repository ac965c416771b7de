"""Two records of one customer: merged, read as one by everybody, and parted again each as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.errors import CloseloopError
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.clock import TUESDAY_AT_TEN
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep, as_service
from closeloop.integration.v1.events_pb2 import ServiceCallRecorded
from closeloop.leads.v1 import churn_service_pb2 as churn_pb
from closeloop.leads.v1 import customer_merge_service_pb2 as pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1.churn_service_pb2_grpc import ChurnServiceStub
from closeloop.leads.v1.customer_merge_service_pb2_grpc import CustomerMergeServiceStub
from leads.customer_grades.facts_store import facts
from leads.customer_grades.policy import CustomerGradePolicy
from leads.customer_grades.regrade_customers import regrade_due
from leads.customer_merge.events import CustomerMerged, CustomerUnmerged
from leads.policies import CUSTOMER_GRADES

from .company import UNIT, Company, stamp
from .test_capture import CODE, OTHER_CODE
from .test_customer_file import add_contact, add_credential, edit, file
from .test_customer_layers import AT, HOUR, follow_up, interactions
from .test_duplicates import fails, rows
from .test_from_outside import customer
from .test_purchases import created, order

NAME = "杭州第一医院"
PHONE, OTHER_PHONE = "+8613800000001", "+8613800000002"


def door(company: Company, as_: Identity | None = None) -> CustomerMergeServiceStub:
    return CustomerMergeServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def get(company: Company, customer_id: str) -> customer_pb.Customer:
    answer = company.customers().GetCustomer(customer_pb.GetCustomerRequest(customer_id=customer_id))
    return answer.customer


def asked(company: Company, kept: str, merged: str) -> pb.MergeCustomersRequest:
    versions = {str(each): str(version) for each, version in rows(company, "SELECT customer_id, version FROM customer")}
    return pb.MergeCustomersRequest(
        request_id=new_id(), customer_id=kept, merged_customer_id=merged, reason="同一家",
        etag=versions[kept], merged_etag=versions[merged],
    )  # fmt: skip


def merge(company: Company, kept: str, merged: str, as_: Identity | None = None) -> pb.MergeCustomersResponse:
    return door(company, as_).MergeCustomers(asked(company, kept, merged))


def part(company: Company, merge_id: str, as_: Identity | None = None) -> pb.UnmergeCustomerResponse:
    request = pb.UnmergeCustomerRequest(request_id=new_id(), merge_id=merge_id, reason="看错了")
    return door(company, as_).UnmergeCustomer(request)


def merges(company: Company, customer_id: str) -> list[pb.CustomerMergeRecord]:
    return list(door(company).ListCustomerMerges(pb.ListCustomerMergesRequest(customer_id=customer_id)).merges)


@dataclass(frozen=True)
class Pair:
    """By its number in the ERP, and by a lead that was converted."""

    kept: str
    other: str


def pair(company: Company, kept: dict[str, Any] | None = None, other: dict[str, Any] | None = None) -> Pair:
    company.hire("E1", "E2")
    one = {"customer_code": "C-1", "owner_id": "E1", "unit": UNIT} | (kept or {})
    two = {"owner_id": "E1", "unit": UNIT} | (other or {})
    return Pair(customer(company, NAME, **one), customer(company, f"{NAME}有限公司", **two))


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


@pytest.mark.spec("LD1.4")
def test_what_only_the_other_had_is_taken_over_and_what_both_had_is_told(company: Company) -> None:
    two = pair(
        company,
        {"customer_code": None, "phone": PHONE, "industry": "医院"},
        {
            "customer_code": "C-2",
            "uscc": CODE,
            "phone": OTHER_PHONE,
            "industry": "医院",
            "city": "杭州",
            "province": "浙江",
        },
    )
    answer = merge(company, two.kept, two.other)
    assert {each.field: (each.kept, each.other) for each in answer.taken_over} == {
        "customer_code": ("", "C-2"), "uscc": ("", CODE), "province": ("", "浙江"), "city": ("", "杭州"),
    }  # fmt: skip
    assert {each.field: (each.kept, each.other) for each in answer.differences} == {
        "name": (NAME, f"{NAME}有限公司"), "phone": (PHONE, OTHER_PHONE),
    }  # fmt: skip
    kept = answer.customer
    assert (kept.customer_code, kept.uscc, kept.phone, kept.city) == ("C-2", CODE, PHONE, "杭州")
    # Its number and code are the customer's: nobody else gets them, and the customer is found by them.
    third = get(company, customer(company, "别家"))
    assert fails(lambda: edit(company, third, customer_code="C-2")) == "INVALID_INPUT"
    assert fails(lambda: edit(company, third, uscc=CODE)) == "INVALID_INPUT"
    wish = customer_pb.ListCustomersRequest(customer_code="C-2")
    assert [each.customer_id for each in company.customers().ListCustomers(wish).customers] == [two.kept]


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


@pytest.mark.spec("LD1.3", "LD1.4")
@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"uscc": OTHER_CODE}, "TWO_CREDIT_CODES"),
        ({"name": f"{NAME}北京分公司"}, "BRANCH_OF_THE_OTHER"),
        ({"parent": True}, "BRANCH_OF_THE_OTHER"),
        ({"merged_into": True}, "CUSTOMER_IS_MERGED"),
        ({"withdrawn": True}, "CUSTOMER_NOT_FOUND"),
    ],
)
def test_two_firms_and_a_branch_with_its_parent_are_never_one(
    company: Company, other: dict[str, Any], reason: str
) -> None:
    one = customer(company, NAME, uscc=CODE)
    changes = {"parent": {"parent_customer_id": one}, "merged_into": {"merged_into": one}}
    (key,) = other
    two = customer(company, other.get("name", "甲"), **changes.get(key, {"uscc": other.get("uscc", "")}))
    if key == "withdrawn":
        with company.service.runtime.database.begin() as conn:
            conn.execute(text("UPDATE customer SET withdrawn_at = now() WHERE customer_id = :id"), {"id": two})
    assert fails(merge, company, one, two) == reason
    assert fails(merge, company, two, one) == reason
    assert fails(merge, company, one, one) == "INVALID_INPUT"


@pytest.mark.spec("LD1.4")
def test_who_looked_at_an_older_version_is_told_so(company: Company) -> None:
    two = pair(company)
    request = asked(company, two.kept, two.other)
    edit(company, get(company, two.other), needs="影像系统")
    assert fails(door(company).MergeCustomers, request) == "ETAG_MISMATCH"
    request = asked(company, two.kept, two.other)
    first = door(company).MergeCustomers(request)
    assert door(company).MergeCustomers(request) == first, "the first answer is given again"


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


@pytest.mark.spec("LD1.4")
def test_two_who_merge_the_same_two_at_once_make_one_merge_and_no_circle(company: Company) -> None:
    two = pair(company)
    there, back = asked(company, two.kept, two.other), asked(company, two.other, two.kept)

    def answer(request: pb.MergeCustomersRequest) -> str:
        try:
            return str(bool(door(company).MergeCustomers(request).merge_id))
        except CloseloopError as refused:
            return refused.reason

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(answer, (there, back))) == ["CUSTOMER_IS_MERGED", "True"]
    assert rows(company, "SELECT count(*) FROM customer WHERE merged_into IS NULL") == [(1,)]


@pytest.mark.spec("LD4.1", "LD1.4")
@pytest.mark.parametrize(
    ("statuses", "owner"),
    [({}, "E1"), ({"E1": "departed"}, "E2"), ({"E1": "departed", "E2": "frozen"}, "E1")],
)
def test_the_kept_ones_owner_stays_unless_only_the_other_can_be_verified(
    company: Company, statuses: dict[str, str], owner: str
) -> None:
    two = pair(company, other={"owner_id": "E2"})
    company.directory.status.update(statuses)
    answer = merge(company, two.kept, two.other)
    assert {"E1", "E2"} in [set(each) for each in company.directory.asked]
    assert answer.customer.owner_id == owner
    changed = [(each.message.before, each.message.after) for each in company.events("customers.owner_changed")]
    assert changed == ([("E1", "E2")] if owner == "E2" else [])
    assert {each.field for each in answer.differences} == {"name", "owner_id"}


@pytest.mark.spec("LD4.1", "LD1.4")
def test_an_owner_who_is_gone_gets_no_customer_back(company: Company) -> None:
    two = pair(company, {"owner_id": "", "unit": UNIT}, {"owner_id": "E2"})
    merged = merge(company, two.kept, two.other)
    assert merged.customer.owner_id == "E2"
    company.directory.status["E2"] = "departed"
    company.hire("E2", version=2, status="departed")
    parted = part(company, merged.merge_id)
    assert (parted.parted.owner_id, parted.parted.unit, parted.unverified_owner_id) == ("", UNIT, "E2")
    assert parted.customer.owner_id == ""


@pytest.mark.spec("LD1.4", "P1.4")
def test_only_who_sees_both_merges_and_parts(company: Company) -> None:
    far = "/HQ/WEST/CD1/"
    two = pair(company, other={"owner_id": "E9", "unit": far})
    for one in (as_manager(), as_manager("M9", far)):
        assert fails(merge, company, two.kept, two.other, one) == "CUSTOMER_NOT_FOUND"
    assert fails(merge, company, two.kept, two.other, as_rep("E1", UNIT)) == "DUTY_REQUIRED"
    merged = merge(company, two.kept, two.other, as_hq("O1", "ops"))
    assert fails(part, company, merged.merge_id, as_manager()) == "CUSTOMER_MERGE_NOT_FOUND"
    part(company, merged.merge_id)
    query = "SELECT action, actor, why FROM audit_row WHERE action LIKE 'customer.%merge' ORDER BY id"
    assert rows(company, query) == [("customer.merge", "O1", "同一家"), ("customer.unmerge", "E00900", "看错了")]


@pytest.mark.spec("LD1.4")
def test_a_merge_is_undone_for_thirty_days(company: Company) -> None:
    two = pair(company)
    merged = merge(company, two.kept, two.other)
    company.clock.advance(timedelta(days=30, seconds=1))
    assert fails(part, company, merged.merge_id) == "TOO_LATE_TO_PART"


@pytest.mark.spec("LD1.4", "LD1.6")
def test_an_import_that_names_the_merged_number_changes_the_record_beneath_and_is_seen(company: Company) -> None:
    two = pair(company, {"phone": PHONE}, {"customer_code": "C-2", "uscc": CODE})
    merged = merge(company, two.kept, two.other)
    again = customer_pb.CustomerRow(customer_code="C-2", name=NAME, uscc=CODE, phone=OTHER_PHONE, owner_id="E1")
    done = company.customers().ImportCustomers(
        customer_pb.ImportCustomersRequest(request_id=new_id(), customers=[again])
    )
    assert (done.created, done.updated, list(done.errors)) == (0, 1, [])
    assert (get(company, two.kept).phone, get(company, two.kept).uscc) == (PHONE, CODE)
    (shown,) = merges(company, two.kept)
    assert ("phone", PHONE, OTHER_PHONE) in [(each.field, each.kept, each.other) for each in shown.differences]
    parted = part(company, merged.merge_id)
    assert (parted.parted.phone, parted.parted.uscc, parted.customer.uscc) == (OTHER_PHONE, CODE, "")


@pytest.mark.spec("LD1.4")
def test_what_was_changed_since_stays_with_the_one_it_was_told_of(company: Company) -> None:
    two = pair(company, other={"industry": "医院", "needs": "影像系统"})
    merged = merge(company, two.kept, two.other)
    edit(company, get(company, two.other), industry="体检")
    add_contact(company, two.other)
    parted = part(company, merged.merge_id)
    assert (parted.customer.industry, parted.customer.needs) == ("体检", "")
    assert (parted.parted.industry, parted.parted.needs) == ("医院", "影像系统")
    assert [len(file(company, each).contacts) for each in (two.kept, two.other)] == [1, 0]


@pytest.mark.spec("LD2.2", "LD1.4")
def test_the_one_that_goes_on_is_graded_for_both(company: Company) -> None:
    two = pair(company)
    merge(company, two.kept, two.other)
    regrade_due(company.service.uow, CUSTOMER_GRADES)
    created(company, two.other, updated=True)
    assert regrade_due(company.service.uow, CUSTOMER_GRADES) == 1
    assert rows(company, "SELECT CAST(customer_id AS text) FROM customer_grade") == [(two.kept,)]


FIELDS = {
    "customer_code": st.sampled_from([None, "K"]),
    "uscc": st.sampled_from(["", CODE]),
    "phone": st.sampled_from(["", PHONE, OTHER_PHONE]),
    "industry": st.sampled_from(["", "医院"]),
    "province": st.sampled_from(["", "浙江"]),
    "city": st.sampled_from(["", "杭州"]),
    "owner_id": st.sampled_from(["", "E1", "E2"]),
    "since": st.sampled_from([None, AT, AT + HOUR]),
}
APART = "'version', 'counted_by', 'completeness', 'missing'"


@pytest.mark.spec("LD1.4")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=st.fixed_dictionaries(FIELDS), other=st.fixed_dictionaries(FIELDS), days=st.integers(0, 30))
def test_merged_and_parted_again_both_are_as_they_were(
    company: Company, one: dict[str, Any], other: dict[str, Any], days: int
) -> None:
    with company.service.runtime.database.begin() as conn:
        conn.execute(text("TRUNCATE customer, purchase, customer_merge, customer_suggestion CASCADE"))
    company.clock.set(TUESDAY_AT_TEN)
    both = {"uscc": ""} if one["uscc"] and other["uscc"] else {}
    code = {"customer_code": other["customer_code"] and "K-2"}
    two = pair(company, {"unit": UNIT} | one, {"unit": UNIT} | other | both | code)
    deliver(company.service, order("SO-1", customer_code="K"), order("SO-2", customer_code="K-2", customer_name="乙"))
    before = whole_state(company)
    merged = merge(company, two.kept, two.other)
    assert whole_state(company) != before
    company.clock.advance(timedelta(days=days))
    parted = part(company, merged.merge_id)
    assert (parted.customer.customer_id, parted.parted.customer_id) == (two.kept, two.other)
    assert whole_state(company) == before


def whole_state(company: Company) -> list[Any]:
    """Customers and whose orders are, but for versions and what is counted again."""
    apart = f"to_jsonb(c) - ARRAY[{APART}]"
    return [
        *rows(company, f"SELECT {apart} FROM customer AS c ORDER BY customer_id"),
        *rows(company, "SELECT order_number, customer_id, named_id FROM purchase ORDER BY order_number"),
    ]


def test_events_fit_their_contracts(company: Company) -> None:
    company.service.runtime.catalog.check([CustomerMerged, CustomerUnmerged])
