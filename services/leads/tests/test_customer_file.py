"""The customer file: its base layer, edited by several people, and how complete it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.errors import (
    AlreadyExists,
    Conflict,
    FailedPrecondition,
    InvalidInput,
    NotFound,
    PermissionDenied,
)
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import customer_file_service_pb2 as pb
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1.customer_file_service_pb2_grpc import CustomerFileServiceStub
from leads.customer_file.base_rules import clashes
from leads.customer_file.completeness_rules import WORDS
from leads.customer_file.contact_rules import goes_round
from leads.customer_file.count_completeness import count_ended, count_uncounted
from leads.customer_file.policy import CompletenessPolicy
from leads.policies import COMPLETENESS

from .company import UNIT, Company
from .waiting import publish

CODE = "91110000600037341L"


def door(company: Company, as_: Identity | None = None) -> CustomerFileServiceStub:
    return CustomerFileServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def brought(company: Company, code: str = "C1", name: str = "杭州第一医院", **changes: Any) -> customer_pb.Customer:
    """A customer of E1, as the company's own records have it."""
    company.hire("E1")
    row = customer_pb.CustomerRow(customer_code=code, name=name, **{"owner_id": "E1"} | changes)
    company.customers().ImportCustomers(customer_pb.ImportCustomersRequest(request_id=new_id(), customers=[row]))
    answer = company.customers().ListCustomers(customer_pb.ListCustomersRequest(customer_code=code))
    return answer.customers[0]


def file(company: Company, customer_id: str, as_: Identity | None = None) -> pb.GetCustomerFileResponse:
    return door(company, as_).GetCustomerFile(pb.GetCustomerFileRequest(customer_id=customer_id))


def edit(company: Company, customer: customer_pb.Customer, as_: Identity | None = None, **fields: str) -> Any:
    request = pb.UpdateCustomerBaseRequest(
        request_id=new_id(), customer_id=customer.customer_id, etag=customer.etag, **fields
    )
    return door(company, as_).UpdateCustomerBase(request)


def add_contact(company: Company, customer_id: str, as_: Identity | None = None, **entry: Any) -> pb.Contact:
    values = {"name": "王院长", "role": pb.CONTACT_ROLE_DECISION_MAKER, "phone": "13800000001"} | entry
    request = pb.AddContactRequest(request_id=new_id(), customer_id=customer_id, contact=pb.ContactEntry(**values))
    return door(company, as_).AddContact(request).contact


def add_credential(company: Company, customer_id: str, **entry: Any) -> pb.Credential:
    values = {
        "kind": pb.CREDENTIAL_KIND_QUALIFICATION, "name": "执业许可证", "number": "浙-001", "issuer": "浙江省卫健委",
    } | entry  # fmt: skip
    request = pb.AddCredentialRequest(request_id=new_id(), customer_id=customer_id, **values)
    return door(company).AddCredential(request).credential


def fill(company: Company, customer: customer_pb.Customer) -> None:
    """Everything the file asks for."""
    edit(
        company, customer, uscc=CODE, customer_class="KA", industry="医院", size="large", province="浙江省",
        city="杭州市", address="文一路 1 号", phone="0571-88880000", needs="影像系统更新",
    )  # fmt: skip
    add_contact(company, customer.customer_id)
    add_credential(company, customer.customer_id, valid_until="2026-03-31")
    add_credential(
        company, customer.customer_id, kind=pb.CREDENTIAL_KIND_PRODUCT_CERTIFICATE, name="注册证", number="国械 1"
    )


@pytest.mark.spec("LD9.1")
def test_a_file_that_is_filled_in_becomes_whole_and_says_before_what_it_lacks(company: Company) -> None:
    customer = brought(company)
    bare = file(company, customer.customer_id).completeness
    assert (bare.percent, bare.bar, {each.field for each in bare.missing}) == (0, 97, set(WORDS))
    assert ("a decision maker in the decision chain", "决策链中的决策人") in {
        (each.label, each.label_zh) for each in bare.missing
    }
    fill(company, customer)
    found = file(company, customer.customer_id)
    assert (found.completeness.percent, list(found.completeness.missing)) == (100, [])
    assert (found.customer.city, found.customer.phone, found.customer.size) == ("杭州", "+8657188880000", "large")
    assert [(each.name, each.primary) for each in found.contacts] == [("王院长", True)]
    assert [(each.number, each.valid, each.valid_until) for each in found.credentials] == [
        ("浙-001", True, "2026-03-31"), ("国械 1", True, ""),
    ]  # fmt: skip
    assert {each.field for each in found.fields} >= {"uscc", "size", "needs"}


@pytest.mark.spec("LD9.1")
def test_lists_find_the_files_that_lack_something_the_least_complete_first(company: Company) -> None:
    customers = [brought(company, f"C{n}", f"客户{n}", industry="医院" if n == 2 else "") for n in range(1, 4)]
    fill(company, customers[0])
    count_uncounted(company.service.uow, CompletenessPolicy(), 0)
    request = customer_pb.ListCustomersRequest(incomplete_below=97, order=customer_pb.CUSTOMER_ORDER_LEAST_COMPLETE)
    request.page.size = 1
    first = company.customers().ListCustomers(request)
    request.page.token = first.page.next_token
    second = company.customers().ListCustomers(request)
    assert [each.name for each in (*first.customers, *second.customers)] == ["客户3", "客户2"]
    assert (first.completeness[0].percent, second.completeness[0].percent) == (0, 8)
    assert "industry" not in second.completeness[0].missing
    assert second.page.next_token == ""
    hospitals = customer_pb.ListCustomersRequest(city="杭州市", text="客户")
    assert [each.name for each in company.customers().ListCustomers(hospitals).customers] == ["客户1"]


@pytest.mark.spec("LD9.1")
def test_a_paper_that_ends_is_missing_from_the_next_day_on(company: Company) -> None:
    customer = brought(company)
    fill(company, customer)
    company.clock.set(datetime(2026, 3, 31, 15, 59, tzinfo=UTC))
    assert count_ended(company.service.uow) == 0
    company.clock.set(datetime(2026, 3, 31, 16, 0, tzinfo=UTC))
    assert count_ended(company.service.uow) == 1
    assert count_uncounted(company.service.uow, CompletenessPolicy(), 0) == 1
    [listed] = company.customers().ListCustomers(customer_pb.ListCustomersRequest()).completeness
    assert (listed.percent, list(listed.missing)) == (90, ["qualification"])
    assert count_ended(company.service.uow) == 0
    found = file(company, customer.customer_id)
    assert [each.valid for each in found.credentials] == [False, True]


@pytest.mark.spec("LD9.1")
def test_a_new_policy_counts_every_file_again(company: Company) -> None:
    customer = brought(company, industry="医院")
    count_uncounted(company.service.uow, CompletenessPolicy(), 0)
    weights = dict.fromkeys(WORDS, 0) | {"industry": 1, "uscc": 3}
    publish(company, COMPLETENESS, CompletenessPolicy(weights=weights).model_dump(mode="json"))
    version, policy = company.service.runtime.policies.current("completeness")
    assert count_uncounted(company.service.uow, policy, version) == 1
    assert count_uncounted(company.service.uow, policy, version) == 0
    [listed] = company.customers().ListCustomers(customer_pb.ListCustomersRequest()).completeness
    assert (listed.customer_id, listed.percent, list(listed.missing)) == (customer.customer_id, 25, ["uscc"])


@pytest.mark.spec("LD9.1")
def test_two_people_edit_other_fields_at_once_and_neither_overwrites_the_other(company: Company) -> None:
    opened = brought(company, industry="医院")
    edit(company, opened, as_=as_rep("E1", UNIT), industry="高校")
    both = edit(company, opened, as_=as_manager("M1", UNIT), needs="影像系统").customer
    assert (both.industry, both.needs) == ("高校", "影像系统")
    with pytest.raises(Conflict) as refused:
        edit(company, opened, as_=as_manager("M1", UNIT), industry="企业")
    assert refused.value.reason == "FIELDS_CHANGED_MEANWHILE"
    assert "“高校”" in refused.value.text("zh")
    assert "“企业”" in refused.value.text("zh")
    # The same value from both is no clash; who has seen the new one may change it.
    edit(company, opened, industry="高校")
    assert edit(company, both, industry="企业").customer.industry == "企业"


@pytest.mark.spec("LD9.1", "P3.2")
def test_an_edit_is_told_to_neighbours_and_audited_once(company: Company) -> None:
    opened = brought(company)
    edit(company, opened, uscc=CODE)
    edit(company, opened, uscc=CODE)
    told = [each.message.customer for each in company.events("customers.updated")]
    assert [(each.uscc, each.version) for each in told] == [(CODE, 2)]
    with company.service.runtime.database.connect() as conn:
        audited = conn.execute(
            text("SELECT actor, before, after FROM audit_row WHERE action = 'customer.update_base'")
        ).all()
    assert [(row.before, row.after) for row in audited] == [({"uscc": ""}, {"uscc": CODE})]


@pytest.mark.spec("LD9.1", "LD13.1")
def test_what_can_t_be_kept_is_refused_field_by_field(company: Company) -> None:
    brought(company, "C9", "别家", uscc=CODE)
    opened = brought(company)
    with pytest.raises(InvalidInput) as refused:
        edit(company, opened, uscc="123", phone="12")
    assert {each.field for each in refused.value.violations} == {"uscc", "phone"}
    with pytest.raises(InvalidInput) as refused:
        edit(company, opened, uscc=CODE, parent_customer_id=opened.customer_id, customer_code="C9")
    assert {each.field for each in refused.value.violations} == {"uscc", "customer_code", "parent_customer_id"}
    with pytest.raises(InvalidInput):
        edit(company, opened, size="huge")
    with pytest.raises(PermissionDenied):
        edit(company, opened, as_=as_rep("E1", UNIT), customer_code="C7")
    assert edit(company, opened, customer_code="C7").customer.customer_code == "C7"


@pytest.mark.spec("LD9.1", "LD1.3")
def test_a_branch_hangs_on_its_parent_and_never_in_a_circle(company: Company) -> None:
    parent, branch = brought(company), brought(company, "C2", "城西院区")
    edit(company, branch, parent_customer_id=parent.customer_id)
    assert [each.name for each in file(company, parent.customer_id).branches] == ["城西院区"]
    assert file(company, branch.customer_id).parent_name == "杭州第一医院"
    with pytest.raises(InvalidInput):
        edit(company, parent, parent_customer_id=branch.customer_id)


@pytest.mark.spec("LD9.1")
def test_others_than_the_team_neither_see_nor_change_a_file(company: Company) -> None:
    customer = brought(company)
    contact = add_contact(company, customer.customer_id)
    credential = add_credential(company, customer.customer_id)
    stranger = as_rep("E9", "/HQ/WEST/CD1/")
    for knock in (
        lambda: file(company, customer.customer_id, stranger),
        lambda: edit(company, customer, as_=stranger, needs="偷看"),
        lambda: add_contact(company, customer.customer_id, stranger),
        lambda: retire(company, contact, stranger),
        lambda: door(company, stranger).RetireCredential(
            pb.RetireCredentialRequest(request_id=new_id(), credential_id=credential.credential_id, reason="x")
        ),
        lambda: door(company, stranger).ListInteractions(pb.ListInteractionsRequest(customer_id=customer.customer_id)),
        lambda: door(company, stranger).ListServiceTrack(pb.ListServiceTrackRequest(customer_id=customer.customer_id)),
        lambda: door(company, stranger).ListPurchases(pb.ListPurchasesRequest(customer_id=customer.customer_id)),
    ):
        with pytest.raises(NotFound):
            knock()
    assert file(company, customer.customer_id, as_rep("E1", UNIT)).contacts[0].name == "王院长"


def change(company: Company, contact: pb.Contact, **entry: Any) -> pb.Contact:
    values = {"name": contact.name, "role": contact.role, "phone": contact.phone, "primary": contact.primary} | entry
    request = pb.ChangeContactRequest(
        request_id=new_id(), contact_id=contact.contact_id, etag=contact.etag, contact=pb.ContactEntry(**values)
    )
    return door(company).ChangeContact(request).contact


def retire(company: Company, contact: pb.Contact, as_: Identity | None = None) -> pb.Contact:
    request = pb.RetireContactRequest(request_id=new_id(), contact_id=contact.contact_id, reason="已离职")
    return door(company, as_).RetireContact(request).contact


@pytest.mark.spec("LD9.1")
def test_a_decision_chain_has_one_primary_contact_and_no_circles(company: Company) -> None:
    customer_id = brought(company).customer_id
    boss = add_contact(company, customer_id)
    buyer = add_contact(company, customer_id, name="李科长", role=pb.CONTACT_ROLE_GATEKEEPER, phone="")
    buyer = change(company, buyer, reports_to=boss.contact_id, primary=True, wecom_id="wm1")
    found = file(company, customer_id).contacts
    assert [(each.name, each.primary, each.reports_to) for each in found] == [
        ("王院长", False, ""), ("李科长", True, boss.contact_id),
    ]  # fmt: skip
    with pytest.raises(Conflict):  # taking its place as the primary one has changed the boss
        change(company, boss, title="院长")
    with pytest.raises(InvalidInput):
        change(company, found[0], reports_to=buyer.contact_id)
    with pytest.raises(InvalidInput) as refused:
        add_contact(company, customer_id, phone="12", reports_to=new_id())
    assert {each.field for each in refused.value.violations} == {"contact.phone", "contact.reports_to"}


@pytest.mark.spec("LD9.1", "LD9.2")
def test_a_contact_who_has_left_is_retired_and_stays_readable(company: Company) -> None:
    customer_id = brought(company).customer_id
    boss = add_contact(company, customer_id)
    retire(company, boss)
    with pytest.raises(FailedPrecondition):
        retire(company, boss)
    found = file(company, customer_id)
    assert (list(found.contacts), "decision_maker" in {each.field for each in found.completeness.missing}) == ([], True)
    add_contact(company, customer_id, name="赵院长")
    listed = door(company).ListContacts(pb.ListContactsRequest(customer_id=customer_id)).contacts
    assert [(each.name, each.retired_why, each.primary) for each in listed] == [
        ("王院长", "已离职", True), ("赵院长", "", True),
    ]  # fmt: skip


@pytest.mark.spec("LD9.1", "LD13.1")
def test_a_paper_is_entered_once_and_only_with_a_day_there_is(company: Company) -> None:
    customer_id = brought(company).customer_id
    held = add_credential(company, customer_id, valid_until="2026-12-31")
    with pytest.raises(AlreadyExists):
        add_credential(company, customer_id, valid_until="2026-12-31")
    with pytest.raises(InvalidInput):
        add_credential(company, customer_id, valid_until="2026-02-30")
    request = pb.RetireCredentialRequest(request_id=new_id(), credential_id=held.credential_id, reason="换发新证")
    assert not door(company).RetireCredential(request).credential.valid
    assert list(file(company, customer_id).credentials) == []
    add_credential(company, customer_id, valid_until="2026-12-31")


@pytest.mark.spec("LD9.1")
@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef") | st.none()), st.sampled_from("abcdef"))
def test_a_chain_goes_round_only_if_following_it_comes_back(bosses: dict[str, str | None], boss: str) -> None:
    reached, at = set[str](), boss
    while at is not None and at not in reached:
        reached.add(at)
        at = bosses.get(at)  # type: ignore[assignment]
    assert goes_round("a", boss, bosses) == ("a" in reached)


@pytest.mark.spec("LD9.1")
@given(st.integers(1, 9), st.integers(0, 9), st.sampled_from("xyz"), st.sampled_from("xyz"))
def test_a_field_clashes_when_it_changed_since_it_was_seen_to_something_else(
    seen: int, since: int, held: str, wanted: str
) -> None:
    found = clashes({"needs": wanted}, {"needs": held}, {"needs": since}, seen)
    assert bool(found) == (since > seen and held != wanted)
