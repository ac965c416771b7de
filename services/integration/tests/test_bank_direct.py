"""A front-end machine that is asked for transactions as JSON: complete by number and by balance."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from integration.connectors._bank import BankSettings
from integration.connectors.bank_direct import BankDirectConnector
from integration.feeds.policy import FeedRule
from integration.tables import bank_entry, bank_statement, quarantine
from services.integration.tests.bank_samples import front_machine
from services.integration.tests.conftest import QUICK, World
from services.integration.tests.world import Answer, Line, statement

MANY = [Line(f"{number:04d}", "10.00", payer="甲", remark="货款") for number in range(1, 8)]


class Machine:
    """Pages of three, as many as the balance query says."""

    def __init__(self, lines: Sequence[Line], balance: str) -> None:
        self.pages = front_machine(lines)
        self.balance = balance
        self.as_of = "2026-03-10T02:00:00Z"
        self.gone: set[int] = set()

    def transactions(self, query: dict[str, str]) -> Answer:
        told = [each for each in self.pages["transactions"] if each["seq"] > int(query["after"])]  # type: ignore[attr-defined]
        shown = [each for each in told if each["seq"] not in self.gone]
        return self.pages | {"transactions": shown[:3]}

    def answer(self, query: dict[str, str]) -> Answer:
        return {"account": query["account"], "balance": self.balance, "currency": "CNY", "asOf": self.as_of}


def connect(world: World, machine: Machine) -> Machine:
    world.bank.routes["/direct/transactions"] = machine.transactions
    world.bank.routes["/direct/balance"] = machine.answer
    settings = BankSettings(
        bank_direct_url=f"{world.bank.url}/direct",
        bank_direct_key=SecretStr("direct-key"),
        bank_direct_accounts="6222",  # type: ignore[arg-type]
    )
    connector = BankDirectConnector(settings, lambda name: world.service.runtime.policies.current(name)[1])
    connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK))
    world.connectors["bank_direct"] = connector
    return machine


@pytest.mark.spec("N1.1", "N2.1")
def test_transactions_are_pulled_page_by_page_and_the_balance_proves_the_moment(world: World) -> None:
    machine = connect(world, Machine(MANY, "70.00"))
    run = world.run("bank_direct")
    assert (run.outcome, run.records_in, run.records_new) == ("ok", 7, 7)
    state = world.feed("bank_direct")
    assert (state.health, state.checkpoint) == ("healthy", '{"6222": 7}')
    assert state.complete_until.isoformat() == "2026-03-10T02:00:00+00:00"
    assert {row.until.isoformat() for row in world.rows(bank_statement)} == {"2026-03-10T01:30:00+00:00"}
    world.bank.asked.clear()
    machine.as_of = "2026-03-10T02:30:00Z"
    assert world.run("bank_direct").records_in == 0
    assert world.bank.asked[-1] == "/direct/transactions?account=6222&after=7&limit=500"


@pytest.mark.spec("N2.2")
def test_a_transaction_left_out_is_named_and_found_when_it_comes(world: World) -> None:
    machine = connect(world, Machine(MANY, "70.00"))
    machine.gone = {4}
    world.run("bank_direct")
    state = world.feed("bank_direct")
    assert state.holes[0]["en"] == "account 6222: statement 4 missing, 10.00 unaccounted for"
    assert (state.health, state.checkpoint) == ("degraded", '{"6222": 3}')
    machine.gone = set()
    run = world.run("bank_direct")
    assert (run.records_new, run.duplicates) == (1, 3)
    assert (world.feed("bank_direct").health, world.feed("bank_direct").holes) == ("healthy", [])


@pytest.mark.spec("N2.1")
def test_a_balance_that_knows_more_than_the_transactions_proves_nothing(world: World) -> None:
    connect(world, Machine(MANY, "75.00"))
    world.run("bank_direct")
    assert world.feed("bank_direct").complete_until.isoformat() == "2026-03-10T01:30:00+00:00"


@pytest.mark.spec("N1.3")
def test_a_bank_that_is_pulled_and_handed_in_as_files_counts_once(world: World) -> None:
    connect(world, Machine(MANY[:2], "20.00"))
    world.run("bank_direct")
    world.vault.statements, world.vault.balance = {1: statement(1, MANY[:2])}, "20.00"
    assert world.run("bank").records_new == 0
    assert len(world.rows(bank_entry)) == 2


@pytest.mark.spec("N1.2")
def test_a_transaction_that_can_t_be_read_is_quarantined(world: World) -> None:
    machine = connect(world, Machine(MANY[:3], "30.00"))
    machine.pages["transactions"][1]["valueOn"] = "morgen"  # type: ignore[index]
    run = world.run("bank_direct")
    assert (run.records_new, run.rejected) == (2, 1)
    [kept] = world.rows(quarantine)
    assert (kept.field, kept.place) == ("valueOn", "6222, transactions 1–3, entry 2")
    machine.pages["transactions"][1]["valueOn"] = "2026-03-10"  # type: ignore[index]
    world.run("bank_direct")
    assert (world.rows(quarantine)[0].state, world.feed("bank_direct").health) == ("superseded", "healthy")


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    "answer", [{"entries": []}, {"transactions": [{}]}, b"<html>", {"transactions": [{"seq": "x"}]}, []]
)
def test_another_form_fails_the_run(world: World, answer: Answer) -> None:
    connect(world, Machine(MANY, "70.00"))
    world.bank.routes["/direct/transactions"] = lambda _: answer
    assert world.run("bank_direct").error_class in {"schema", "parse"}
