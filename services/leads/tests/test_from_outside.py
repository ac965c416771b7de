"""Tenders, sign-ups at points of sale and the company register: what comes of them in leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.errors import NotFound
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.testing.events import deliver
from chassis.testing.identity import as_rep, as_service
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.integration.v1.events_pb2 import (
    PosCustomerRegistered,
    RegistryChanged,
    RegistryFieldChange,
    TenderPublished,
)
from closeloop.leads.v1 import customer_dynamics_service_pb2 as pb
from closeloop.leads.v1.customer_dynamics_service_pb2_grpc import CustomerDynamicsServiceStub
from leads import tables
from leads.assignment.drain_waiting import drain_waiting
from leads.customers.rules import Customer
from leads.customers.store import add
from leads.normalise.name_rules import name_key
from leads.policies import TENDERS
from leads.tenders.policy import TenderPolicy
from leads.tenders.rules import Tender, Verdict, judge, place_of

from .company import UNIT, Company, stamp
from .waiting import publish

AT = datetime(2026, 3, 10, 2, tzinfo=UTC)
POLICY = TenderPolicy(keywords=("影像",), excluded=("维修",), regions=("浙江", "上海"), least_budget="500000")
TENDER = Tender(
    "t1", 1, "open", "ZJ-2026-001", "影像系统采购项目", "杭州第一医院", "浙江省杭州市", Money.of("1200000"), AT,
    AT + timedelta(days=20), "https://zj.example/1",
)  # fmt: skip


@pytest.fixture
def company(company: Company) -> Company:
    """With a published policy that wants tenders for imaging."""
    publish(company, TENDERS, POLICY.model_dump(mode="json"))
    return company


def published(tender_id: str, **changes: Any) -> TenderPublished:
    told = {
        "version": 1, "state": "open", "project_number": "ZJ-2026-001", "title": "影像系统采购项目",
        "buyer": "杭州第一医院", "region": "浙江省杭州市", "budget": MoneyMessage(fen=120_000_000, currency="CNY"),
        "published_at": stamp(AT), "deadline_at": stamp(AT + timedelta(days=20)), "url": "https://zj.example/1",
    } | changes  # fmt: skip
    return TenderPublished(tender_id=tender_id, **{name: value for name, value in told.items() if value is not None})


def customer(company: Company, name: str = "杭州第一医院", **changes: Any) -> str:
    values = {"customer_id": new_id(), "name": name, "name_key": name_key(name), "created_at": AT} | changes
    with company.service.uow.begin(as_service("leads")) as tx:
        add(tx, [Customer(**values)])
        tx.commit()
    return str(values["customer_id"])


def captured(company: Company) -> list[Any]:
    return [each.message for each in company.events("leads.captured")]


def dynamics(company: Company, customer_id: str, **as_: Any) -> list[tuple[str, str]]:
    stub = CustomerDynamicsServiceStub(company.rpc(company.service, **as_))
    answer = stub.ListCustomerDynamics(pb.ListCustomerDynamicsRequest(customer_id=customer_id))
    return [(each.kind, each.text_zh) for each in answer.dynamics]


@pytest.mark.spec("LD1.1")
def test_a_tender_that_fits_makes_one_lead_whatever_happens_to_it(company: Company) -> None:
    tender_id = new_id()
    deliver(company.service, published(tender_id), times=2)
    deliver(company.service, published(tender_id, version=2, title="影像系统采购项目（二次）"))
    deliver(company.service, published(tender_id, version=3, state="cancelled"))
    [lead] = captured(company)
    assert (lead.company_name, lead.channel, lead.city) == ("杭州第一医院", "tender", "杭州")
    found = company.get(lead.lead_id)
    assert found.qualification.budget.fen == 120_000_000
    assert "ZJ-2026-001" in found.need
    assert "https://zj.example/1" in found.need
    assert company.timeline(lead.lead_id).count("tender") == 3


@pytest.mark.spec("LD1.1", "LD3.8")
def test_the_lead_of_a_tender_finds_its_owner(company: Company) -> None:
    company.hire("E1")
    deliver(company.service, published(new_id()))
    assert drain_waiting(company.app.assigner) == 1
    assert company.get(captured(company)[0].lead_id).owner_id == "E1"


@pytest.mark.spec("LD1.1")
def test_a_tender_that_does_not_fit_is_remembered_and_makes_its_lead_once_it_does(company: Company) -> None:
    tender_id = new_id()
    deliver(company.service, published(tender_id, budget=MoneyMessage(fen=100, currency="CNY")))
    assert captured(company) == []
    deliver(company.service, published(tender_id, version=2))
    deliver(company.service, published(tender_id, version=1))
    [lead] = captured(company)
    assert company.timeline(lead.lead_id).count("tender") == 1


@pytest.mark.spec("LD1.3", "LD8.2")
def test_a_tender_of_a_customer_is_in_its_dynamics_and_goes_to_its_open_lead(company: Company) -> None:
    code = "12330000470051726F"
    customer_id = customer(company, uscc=code, city="杭州")
    deliver(company.service, published(new_id()))
    deliver(company.service, published(new_id(), title="影像系统二期采购"))
    assert [each.outcome for each in captured(company)] == ["created", "appended"]
    assert {each.lead_id for each in captured(company)} == {captured(company)[0].lead_id}
    assert company.get(captured(company)[0].lead_id).customer_id == customer_id
    assert dynamics(company, customer_id, as_=as_service("leads"))[::-1] == [
        ("tender", "招标公告或更正：影像系统采购项目"), ("tender", "招标公告或更正：影像系统二期采购"),
    ]  # fmt: skip


@pytest.mark.spec("LD1.1")
@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, Verdict.FITS),
        ({"state": "awarded"}, Verdict.CLOSED),
        ({"deadline_at": AT}, Verdict.CLOSED),
        ({"deadline_at": None}, Verdict.FITS),
        ({"buyer": ""}, Verdict.NO_BUYER),
        ({"title": "显微镜采购"}, Verdict.NO_KEYWORD),
        ({"title": "影像系统维修"}, Verdict.EXCLUDED),
        ({"region": "江苏省南京市"}, Verdict.REGION),
        ({"budget": Money.of("499999.99")}, Verdict.BUDGET),
        ({"budget": Money.of("500000")}, Verdict.FITS),
        ({"budget": None}, Verdict.FITS),
    ],
)
def test_the_policy_says_which_tenders_fit(change: dict[str, Any], verdict: Verdict) -> None:
    assert judge(replace(TENDER, **change), POLICY, AT) is verdict


def test_without_keywords_no_tender_makes_a_lead() -> None:
    assert judge(TENDER, TenderPolicy(), AT) is Verdict.NO_KEYWORD
    silent = POLICY.model_copy(update={"unknown_budget": False})
    assert judge(replace(TENDER, budget=None), silent, AT) is Verdict.BUDGET


@pytest.mark.parametrize(
    ("region", "place"),
    [("浙江省杭州市西湖区", ("浙江省", "杭州市")), ("北京市", ("北京市", "")), ("杭州市", ("", "杭州市")),
     ("广西壮族自治区南宁市", ("广西壮族自治区", "南宁市")), ("", ("", "")), ("全国", ("", ""))],
)  # fmt: skip
def test_a_region_is_province_and_city(region: str, place: tuple[str, str]) -> None:
    assert place_of(region) == place


@given(st.text(max_size=60))
def test_any_region_can_be_looked_at(region: str) -> None:
    province, city = place_of(region)
    assert province + city in region


def sign_up(pos_customer_id: str = "P1", **changes: Any) -> PosCustomerRegistered:
    told = {
        "name": "王女士", "phone": "13800138000", "store": "S001", "store_name": "西湖店", "province": "浙江省",
        "city": "杭州市", "signed_up_at": stamp(AT),
    } | changes  # fmt: skip
    return PosCustomerRegistered(pos_customer_id=pos_customer_id, **told)


@pytest.mark.spec("LD1.1", "LD1.3")
def test_who_signs_up_at_a_point_of_sale_is_a_lead_once(company: Company) -> None:
    known = customer(company, "王女士", phone="+8613800138000")
    deliver(company.service, sign_up(), times=2)
    deliver(company.service, sign_up())
    deliver(company.service, sign_up("P2", store_name="滨江店"))
    assert [each.outcome for each in captured(company)] == ["created", "appended"]
    lead = company.get(captured(company)[0].lead_id)
    assert (lead.company_name, lead.channel, lead.phone, lead.customer_id) == (
        "王女士", "pos", "+8613800138000", known,
    )  # fmt: skip
    assert dynamics(company, known, as_=as_service("leads")) == [
        ("sign_up", "王女士在滨江店扫码注册。"), ("sign_up", "王女士在西湖店扫码注册。"),
    ]  # fmt: skip


@pytest.mark.spec("LD13.1")
def test_a_phone_that_can_t_be_read_is_kept_in_words(company: Company) -> None:
    deliver(company.service, sign_up(phone="12345", name=""))
    lead = company.get(captured(company)[0].lead_id)
    assert (lead.company_name, lead.phone) == ("西湖店扫码客户", "")
    assert "电话待核实：12345" in lead.need


def changed(customer_id: str, version: int, *changes: RegistryFieldChange) -> RegistryChanged:
    return RegistryChanged(
        customer_id=customer_id, version=version, uscc="", company_name="甲", changes=changes, updated_at=stamp(AT)
    )


@pytest.mark.spec("LD8.2")
def test_changes_at_the_register_are_in_the_dynamics_for_who_sees_the_customer(company: Company) -> None:
    customer_id = customer(company, owner_id="E1", unit=UNIT)
    first = changed(
        customer_id, 1, RegistryFieldChange(field="legal_person", before="张三", after="李四"),
        RegistryFieldChange(field="branches", before="上海分公司", after="北京分公司"),
    )  # fmt: skip
    deliver(company.service, first, times=2)
    deliver(company.service, first)
    deliver(company.service, changed(customer_id, 2, RegistryFieldChange(field="state", after="注销")))
    assert dynamics(company, customer_id, as_=as_rep("E1", UNIT)) == [
        ("registry", "登记状态：无 → 注销。"),
        ("registry", "法定代表人：张三 → 李四；注销分支机构：上海分公司；新设分支机构：北京分公司。"),
    ]
    with pytest.raises(NotFound):
        dynamics(company, customer_id, as_=as_rep("E9", "/HQ/WEST/CD1/"))
    with company.service.uow.read(as_service("leads")) as tx:
        assert len(tx.execute(select(tables.customer_dynamic)).all()) == 2
