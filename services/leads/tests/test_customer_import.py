"""Customers of the company's own records: bad rows are named, branches are linked, owners take them along."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from chassis.errors import NotFound
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_manager, as_rep
from chassis.testing.locks import until_blocked
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from leads.capture.policy import CapturePolicy
from leads.policies import CAPTURE

from .bringing_along import CUSTOMER, CUSTOMERS, hospital, run
from .company import Company
from .test_capture import CODE, OTHER_CODE
from .test_lifecycle import convert
from .waiting import publish

BRANCH, PARENT = "杭州云启科技有限公司宁波分公司", "杭州云启科技有限公司"


def send(company: Company, *rows: customer_pb.CustomerRow) -> customer_pb.ImportCustomersResponse:
    return company.customers().ImportCustomers(customer_pb.ImportCustomersRequest(request_id=new_id(), customers=rows))


@pytest.mark.spec("LD1.3", "LD13.1")
def test_customers_come_in_with_bad_rows_named_and_the_same_twice_changes_nothing(company: Company) -> None:
    company.hire("E1")
    rows = [
        customer_pb.CustomerRow(customer_code="C1", name="甲公司", uscc=CODE, owner_id="E1"),
        customer_pb.CustomerRow(customer_code="C2", name="乙公司", uscc="1234"),
        customer_pb.CustomerRow(customer_code="C3", name="丙公司", uscc=CODE),
        customer_pb.CustomerRow(customer_code="C1", name="甲公司"),
    ]

    first = send(company, *rows)
    assert (first.created, first.updated) == (1, 0)
    assert [(each.row, each.field) for each in first.errors] == [(2, "uscc"), (3, "uscc"), (4, "customer_code")]
    second = send(company, *rows)
    assert (second.created, second.updated) == (0, 0)
    rows[0].city = "杭州市"
    assert send(company, *rows).updated == 1
    assert [each.message.customer.version for each in company.events("customers.updated")] == [2]
    listed = company.customers(as_manager()).ListCustomers(customer_pb.ListCustomersRequest(text="甲")).customers
    assert [(each.customer_code, each.owner_name, each.city) for each in listed] == [("C1", "员工E1", "杭州")]
    assert list(company.customers(as_rep("E2")).ListCustomers(customer_pb.ListCustomersRequest()).customers) == []
    with pytest.raises(NotFound):
        company.customers(as_rep("E2")).GetCustomer(customer_pb.GetCustomerRequest(customer_id=listed[0].customer_id))


@pytest.mark.spec("LD1.2", "LD1.3")
def test_a_credit_code_has_one_bearer_however_it_is_spelt_and_whoever_got_it_a_row_above(company: Company) -> None:
    send(company, customer_pb.CustomerRow(customer_code="C1", name="甲公司", uscc=CODE))
    spelt = customer_pb.CustomerRow(customer_code="C2", name="乙公司", uscc=CODE.lower())
    assert [(each.row, each.field) for each in send(company, spelt).errors] == [(1, "uscc")]
    answer = send(
        company,
        customer_pb.CustomerRow(customer_code="C1", name="甲公司", uscc=OTHER_CODE),
        customer_pb.CustomerRow(customer_code="C3", name="丙公司", uscc=OTHER_CODE),
    )
    assert (answer.created, answer.updated) == (0, 1)
    assert [(each.row, each.field) for each in answer.errors] == [(2, "uscc")]


@pytest.mark.spec("LD1.3", "P7.1")
def test_of_two_imports_at_once_one_alone_gets_the_credit_code(company: Company) -> None:
    rows_of = [customer_pb.CustomerRow(customer_code=code, name=code, uscc=CODE) for code in ("C1", "C2")]
    with ThreadPoolExecutor(2) as both:
        with company.service.runtime.database.begin() as blocker:
            blocker.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 46))"), {"key": CODE})
            answers = [both.submit(send, company, each) for each in rows_of]
            until_blocked(company.service.runtime.database, 2)
        done = [each.result() for each in answers]
    assert sorted((each.created, len(each.errors)) for each in done) == [(0, 1), (1, 0)]


@pytest.mark.spec("LD1.3")
def test_a_branch_among_the_customers_is_linked_to_its_parent(company: Company) -> None:
    names = {"C1": "杭州云启科技有限公司宁波分公司", "C2": "杭州云启科技有限公司", "C3": "宁波分公司"}
    rows = [customer_pb.CustomerRow(customer_code=code, name=name) for code, name in names.items()]
    company.customers().ImportCustomers(customer_pb.ImportCustomersRequest(request_id=new_id(), customers=rows))
    listed = company.customers().ListCustomers(customer_pb.ListCustomersRequest()).customers
    found = {each.customer_code: each for each in listed}
    assert found["C1"].parent_customer_id == found["C2"].customer_id
    assert [found[code].parent_customer_id for code in ("C2", "C3")] == ["", ""]


@pytest.mark.spec("LD1.3")
@pytest.mark.parametrize("branch_first", [True, False])
def test_a_branch_is_linked_to_its_parent_whichever_comes_in_first(company: Company, branch_first: bool) -> None:
    pair = [customer_pb.CustomerRow(customer_code=code, name=name) for code, name in (("C1", BRANCH), ("C2", PARENT))]
    for each in pair if branch_first else pair[::-1]:
        send(company, each)
        send(company, customer_pb.CustomerRow(customer_code=f"{each.customer_code}-1", name="杭州云启宁波"))
    assert parents(company) == {BRANCH: PARENT, PARENT: "", "杭州云启宁波": ""}


@pytest.mark.spec("LD1.3", "LD1.6")
def test_a_branch_is_linked_to_a_parent_of_a_later_chunk(company: Company) -> None:
    company.hire("E1")
    publish(company, CAPTURE, CapturePolicy(import_checkpoint_rows=1).model_dump(mode="json"))
    run(company, CUSTOMERS, CUSTOMER, [hospital(BRANCH, "C1"), hospital(PARENT, "C2")])
    assert parents(company) == {BRANCH: PARENT, PARENT: ""}


@pytest.mark.spec("LD1.3", "LD1.7")
@pytest.mark.parametrize("names", [(BRANCH, PARENT), (PARENT, BRANCH)])
def test_a_branch_that_a_lead_made_a_customer_is_linked_too(company: Company, names: tuple[str, str]) -> None:
    company.hire("E1")
    for each in names:
        lead = company.capture_a(each, phone=f"1380000000{len(each) % 10}")
        company.accept(lead)
        convert(company, lead)
    assert parents(company) == {BRANCH: PARENT, PARENT: ""}


def parents(company: Company) -> dict[str, str]:
    """Customer → its parent, by name."""
    listed = company.customers().ListCustomers(customer_pb.ListCustomersRequest()).customers
    names = {each.customer_id: each.name for each in listed}
    return {each.name: names.get(each.parent_customer_id, "") for each in listed}


@pytest.mark.spec("P1.4")
def test_customers_move_with_their_owner(company: Company) -> None:
    row = customer_pb.CustomerRow(customer_code="C1", name="甲公司", owner_id="E1")
    company.customers().ImportCustomers(customer_pb.ImportCustomersRequest(request_id=new_id(), customers=[row]))
    company.hire("E1")
    company.hire("E1", version=2, unit="/HQ/WEST/CD1/")
    assert [each.message.customer.unit for each in company.events("customers.updated")] == [
        "/HQ/EAST/HZ1/",
        "/HQ/WEST/CD1/",
    ]
