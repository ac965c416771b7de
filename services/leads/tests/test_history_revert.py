"""History brought along by file is taken back: what somebody has touched since stays, and is named."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.errors import FailedPrecondition
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq
from closeloop.leads.v1 import capture_service_pb2 as capture_pb
from closeloop.leads.v1 import customer_file_service_pb2 as file_pb
from closeloop.leads.v1 import import_service_pb2 as pb

from .bringing_along import (
    CONTACT,
    CONTACTS,
    CUSTOMER,
    CUSTOMERS,
    FOLLOW_UP,
    FOLLOW_UPS,
    ORDER,
    ORDERS,
    customers,
    hospital,
    outcome,
    run,
    told,
)
from .company import Company
from .customer_grading import mark, override, regraded
from .test_customer_file import CODE, brought, door, edit, file
from .test_import import errors
from .test_import_revert import revert
from .test_import_trial import door as import_door


@pytest.mark.spec("LD1.6")
def test_what_was_changed_since_it_was_filled_in_stays(company: Company) -> None:
    brought(company)
    done = run(company, CUSTOMERS, CUSTOMER, [hospital(uscc=CODE)])
    edit(company, customers(company)["杭州第一医院"], size="small", industry="高校")
    # Somebody who puts it back to what the import said has said so too.
    edit(company, customers(company)["杭州第一医院"], industry="医院")
    revert(company, done.import_id)
    found = customers(company)["杭州第一医院"]
    assert (found.size, found.uscc, found.industry) == ("small", "", "医院")


@pytest.mark.spec("LD1.6")
def test_customers_nobody_has_touched_go_and_the_others_are_named(company: Company) -> None:
    company.hire("E1")
    done = run(company, CUSTOMERS, CUSTOMER, [hospital(f"客户{n}", f"C{n}") for n in range(1, 6)])
    ids = {name: each.customer_id for name, each in customers(company).items()}
    edit(company, customers(company)["客户1"], needs="影像系统")
    run(company, CONTACTS, CONTACT, [["C2", "", "王院长", "", "", "", ""]])
    run(company, FOLLOW_UPS, FOLLOW_UP, [["C3", "", "2024-03-01", "电话", "谈过", "", ""]])
    run(company, ORDERS, ORDER, [["C4", "", "OLD-1", "1", "2024-03-01", ""]])
    gone = revert(company, done.import_id)
    assert (gone.state, gone.withdrawn, gone.kept) == (capture_pb.IMPORT_STATE_REVERTED, 1, 4)
    kept = import_door(company).ListKeptLeads(pb.ListKeptLeadsRequest(import_id=done.import_id)).leads
    assert {each.company_name: each.why_zh for each in kept} == {
        "客户1": "已有人修改。", "客户2": "已有联系人或证照。", "客户3": "已有互动记录。", "客户4": "已有订单。",
    }  # fmt: skip
    assert set(customers(company)) == {"客户1", "客户2", "客户3", "客户4"}
    last = company.events("customers.updated")[-1].message.customer
    assert (last.customer_id, last.customer_code, last.owner_id) == (ids["客户5"], "", "")
    # Its name and number are free again.
    again = run(company, CUSTOMERS, CUSTOMER, [hospital("客户5", "C5")])
    assert outcome(again) == (1, 0, 0)
    assert customers(company)["客户5"].customer_id != ids["客户5"]


@pytest.mark.spec("LD1.6", "LD2.2")
def test_what_the_system_does_by_itself_keeps_no_customer(company: Company) -> None:
    company.hire("E1")
    deliver(company.service, told("SO1"))
    done = run(company, CUSTOMERS, CUSTOMER, [hospital(f"客户{n}", f"C{n}") for n in range(2, 6)])
    ids = {name: each.customer_id for name, each in customers(company).items()}
    for each in ids.values():
        mark(company, each)
    regraded(company)
    deliver(company.service, company.employee("E1", version=2, unit="/HQ/EAST/NB/"))
    assert {(each.etag, each.unit) for each in customers(company).values()} == {("3", "/HQ/EAST/NB/")}
    override(company, ids["客户2"], as_hq())
    contacts = run(company, CONTACTS, CONTACT, [["C3", "", "王院长", "", "", "", ""]])
    revert(company, contacts.import_id)
    edit(company, customers(company)["客户4"], needs="影像系统")
    gone = revert(company, done.import_id)
    assert (gone.withdrawn, set(customers(company))) == (2, {"客户2", "客户4"})
    kept = import_door(company).ListKeptLeads(pb.ListKeptLeadsRequest(import_id=done.import_id)).leads
    assert {each.company_name: each.why_zh for each in kept} == {"客户2": "已有人工定级。", "客户4": "已有人修改。"}


@pytest.mark.spec("LD1.6")
@pytest.mark.parametrize(
    ("kind", "headings", "row"),
    [
        (CONTACTS, CONTACT, ["C9", "", "王院长", "", "", "", ""]),
        (FOLLOW_UPS, FOLLOW_UP, ["C9", "", "2024-03-01", "电话", "谈过", "", ""]),
        (ORDERS, ORDER, ["C9", "", "OLD-1", "1", "2024-03-01", ""]),
    ],
)
def test_an_unknown_number_means_nobody_also_after_a_customer_was_taken_back(
    company: Company, kind: Any, headings: list[str], row: list[str]
) -> None:
    company.hire("E1")
    revert(company, run(company, CUSTOMERS, CUSTOMER, [hospital()]).import_id)
    done = run(company, kind, headings, [row])
    assert (done.state, errors(company, done.import_id)) == (
        capture_pb.IMPORT_STATE_DONE, [(1, "customer_code", "C9")]
    )  # fmt: skip


@pytest.mark.spec("LD1.6")
def test_contacts_nobody_has_changed_are_retired(company: Company) -> None:
    customer_id = brought(company).customer_id
    rows = [["C1", "", name, "", "", "", ""] for name in ("王院长", "李科长")]
    done = run(company, CONTACTS, CONTACT, rows)
    boss = file(company, customer_id).contacts[0]
    door(company).ChangeContact(
        file_pb.ChangeContactRequest(
            request_id=new_id(), contact_id=boss.contact_id, etag=boss.etag,
            contact=file_pb.ContactEntry(name="王院长", title="院长"),
        )
    )  # fmt: skip
    gone = revert(company, done.import_id)
    assert (gone.withdrawn, gone.kept) == (1, 1)
    assert [each.name for each in file(company, customer_id).contacts] == ["王院长"]
    with pytest.raises(FailedPrecondition):
        revert(company, done.import_id)
