"""The company register: asked about our customers, some at a time; what changed is told on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from closeloop.leads.v1.events_pb2 import CustomerCreated, CustomerFacts, CustomerUpdated
from integration.connectors.registry import Registry
from integration.feeds.policy import FeedRule
from integration.feeds.source import Access
from integration.registry.policy import RegistryPolicy
from integration.registry.rules import Company, changes_between, merged
from integration.tables import quarantine, watched_company
from services.integration.tests.conftest import QUICK, World

CODE = "91330106MA2CFBLB0Y"
OTHER = "91330108MA27XA8L1G"
FIRST = new_id()
NAME = "杭州云启科技有限公司"


@pytest.fixture
def register(world: World) -> dict[str, dict[str, Any]]:
    """What the register answers, by the keyword it is asked for."""
    answers: dict[str, dict[str, Any]] = {}

    def answer(query: dict[str, str]) -> Any:
        return answers.get(query["keyword"], (404, b"{}"))

    world.erp.routes["/company"] = answer
    connector = Registry(
        Access("registry", world.erp.url, SecretStr("registry-key")), lambda _: RegistryPolicy(companies_per_run=3)
    )
    connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK | {"requests_per_minute": 1000}))
    world.connectors["registry"] = connector
    return answers


def entry(**changes: Any) -> dict[str, Any]:
    told = {
        "creditCode": CODE, "name": "杭州云启科技有限公司", "legalPersonName": "张三", "regLocation": "杭州市西湖区",
        "regStatus": "存续", "regCapital": "1000万人民币", "parentCompany": None, "branches": ["上海分公司"],
        "updateTimes": 1_773_000_000_000,
    } | changes  # fmt: skip
    return {"error_code": 0, "reason": "ok", "result": told}


def know(
    world: World, customer_id: str = FIRST, version: int = 1, uscc: str = CODE, name: str = "杭州云启科技有限公司"
) -> None:
    facts = CustomerFacts(customer_id=customer_id, version=version, name=name, uscc=uscc)
    event = CustomerCreated if version == 1 else CustomerUpdated
    deliver(world.service, event(customer_id=customer_id, customer=facts), times=2)


def told(world: World) -> list[tuple[str, str, str]]:
    events = world.events("integration.registry_changed")
    return [(each.field, each.before, each.after) for event in events for each in event.message.changes]


@pytest.mark.spec("N1.1")
def test_a_change_at_the_register_is_told_on_once(world: World, register: dict[str, dict[str, Any]]) -> None:
    know(world)
    register[CODE] = entry()
    assert world.run("registry").records_new == 1
    assert (told(world), world.erp.keys) == ([], {"registry-key"})
    world.clock.advance(timedelta(days=1))
    register[CODE] = entry(
        legalPersonName="李四", regCapital=None, branches=["北京分公司", "上海分公司"], regStatus="注销",
        updateTimes=1_773_090_000_000,
    )  # fmt: skip
    assert world.run("registry").corrected == 1
    assert told(world) == [("legal_person", "张三", "李四"), ("state", "存续", "注销"), ("branches", "", "北京分公司")]
    [event] = world.events("integration.registry_changed")
    assert (event.message.customer_id, event.message.version, event.message.uscc) == (FIRST, 1, CODE)
    world.clock.advance(timedelta(days=1))
    register[CODE] = entry()
    run = world.run("registry")
    assert (run.duplicates, run.corrected, len(told(world))) == (1, 0, 3)


@pytest.mark.spec("N1.1")
def test_what_an_answer_leaves_out_stays_as_it_was(world: World, register: dict[str, dict[str, Any]]) -> None:
    know(world)
    register[CODE] = entry()
    world.run("registry")
    sparse = entry(legalPersonName="李四", regLocation=None, updateTimes=1_773_090_000_000)
    del sparse["result"]["branches"]
    answers = [
        sparse,
        entry(legalPersonName="李四", branches=None, updateTimes=1_773_100_000_000),
        entry(legalPersonName="李四", branches=[], updateTimes=1_773_110_000_000),
    ]
    for register[CODE] in answers:
        world.clock.advance(timedelta(days=1))
        world.run("registry")
    assert told(world) == [("legal_person", "张三", "李四"), ("branches", "上海分公司", "")]
    assert world.row(watched_company).company["address"] == "杭州市西湖区"


@pytest.mark.spec("N1.1")
def test_branches_heard_of_for_the_first_time_were_not_opened(
    world: World, register: dict[str, dict[str, Any]]
) -> None:
    know(world)
    for branches in (None, ["上海分公司"], ["上海分公司", "北京分公司"]):
        register[CODE] = entry(branches=branches)
        world.run("registry")
        world.clock.advance(timedelta(days=1))
    assert told(world) == [("branches", "", "北京分公司")]


@pytest.mark.spec("N1.1", "N1.3")
def test_a_corrected_code_is_another_company_and_no_change(world: World, register: dict[str, dict[str, Any]]) -> None:
    know(world)
    register[CODE] = entry()
    world.run("registry")
    know(world, version=2, uscc=OTHER)
    other = {"creditCode": OTHER, "legalPersonName": "王五", "parentCompany": "云启集团", "regCapital": None}
    register[OTHER] = entry(**other, updateTimes=1_700_000_000_000)
    assert world.run("registry").records_new == 1
    kept = world.row(watched_company)
    assert (told(world), kept.registered_uscc, kept.company["capital"]) == ([], OTHER, "")
    world.clock.advance(timedelta(days=1))
    register[OTHER] = entry(**other | {"legalPersonName": "赵六"}, updateTimes=1_700_000_000_001)
    world.run("registry")
    assert told(world) == [("legal_person", "王五", "赵六")]


@pytest.mark.spec("N1.2")
def test_customers_take_turns_and_each_is_asked_about_once_a_day(
    world: World, register: dict[str, dict[str, Any]]
) -> None:
    for number in range(5):
        know(world, new_id(), uscc="", name=f"客户{number}")
    asked = [world.run("registry").records_in for _ in range(3)]
    assert asked == [3, 2, 0]
    assert all(row.unknown for row in world.rows(watched_company))
    world.clock.advance(timedelta(hours=24))
    assert world.run("registry").records_in == 3
    assert world.feed("registry").complete_until == world.clock.now() - timedelta(hours=24)


@pytest.mark.spec("N1.3")
def test_a_customer_with_another_code_is_asked_about_anew(world: World, register: dict[str, dict[str, Any]]) -> None:
    know(world, uscc="")
    register["杭州云启科技有限公司"] = entry(name="杭州云启科技有限公司 ")
    world.run("registry")
    assert world.row(watched_company).registered_uscc == CODE
    know(world, version=3, uscc=OTHER)
    know(world, version=2, uscc="")
    register[OTHER] = entry(creditCode=OTHER)
    assert world.run("registry").records_in == 1
    assert world.row(watched_company).uscc == OTHER


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("answer", "field"),
    [(entry(creditCode=OTHER), "name"), (entry(name=""), "name"), (entry(regStatus=None), "regStatus"),
     (entry(creditCode="123"), "creditCode"), (entry(updateTimes="gestern"), "updateTimes")],
)  # fmt: skip
def test_an_answer_that_is_not_about_the_customer_waits(
    world: World, register: dict[str, dict[str, Any]], answer: dict[str, Any], field: str
) -> None:
    know(world)
    register[CODE] = answer
    assert world.run("registry").rejected == 1
    assert world.row(quarantine).field == field
    world.clock.advance(timedelta(days=1))
    register[CODE] = entry()
    world.run("registry")
    assert world.row(quarantine).state == "superseded"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("answer", "error_class"),
    [({"error_code": 300002}, "auth"), ({"error_code": 300004}, "http_5xx"), ({"data": {}}, "schema")],
)
def test_a_register_that_refuses_fails_the_run_and_the_customer_keeps_its_turn(
    world: World, register: dict[str, dict[str, Any]], answer: dict[str, Any], error_class: str
) -> None:
    know(world)
    register[CODE] = answer
    run = world.run("registry")
    assert (run.outcome, run.error_class) == ("failed", error_class)
    register[CODE] = {"error_code": 300000, "reason": "无数据"}
    assert world.run("registry").records_in == 1
    assert world.row(watched_company).unknown


COMPANIES = st.builds(
    Company, *(st.sampled_from(["", "甲", "乙"]) for _ in range(6)),
    st.none() | st.lists(st.sampled_from("甲乙丙"), unique=True).map(lambda names: tuple(sorted(names))),
)  # fmt: skip


@pytest.mark.spec("N1.1")
@given(COMPANIES, COMPANIES)
def test_changes_name_every_field_that_differs_and_no_other(before: Company, after: Company) -> None:
    named = {each.field: each for each in changes_between(before, after)}
    texts = ("name", "legal_person", "address", "state", "capital", "parent")
    differing = {name for name in texts if getattr(after, name) not in ("", getattr(before, name))}
    both_said = before.branches is not None and after.branches is not None
    branches = {"branches"} if both_said and before.branches != after.branches else set()
    assert set(named) == differing | branches
    assert changes_between(after, after) == ()
    known = merged(before, after)
    assert changes_between(before, known) == changes_between(before, after)
    assert merged(known, after) == known
