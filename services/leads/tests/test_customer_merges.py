"""Two records of one customer: what a merge takes over and tells, and parting them again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.errors import CloseloopError
from chassis.kernel.ids import new_id
from chassis.testing.clock import TUESDAY_AT_TEN
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import customer_merge_service_pb2 as pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from leads.customer_merge.events import CustomerMerged, CustomerUnmerged

from .company import UNIT, Company
from .merging import NAME, OTHER_PHONE, PHONE, asked, door, get, merge, merges, pair, part
from .test_capture import CODE, OTHER_CODE
from .test_customer_file import add_contact, edit, file
from .test_customer_layers import AT, HOUR
from .test_duplicates import fails, rows
from .test_from_outside import customer
from .test_purchases import order


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
