"""The bank's statements: once each, complete or said so, claimed where they name their contract."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import NotFound, PermissionDenied
from chassis.files import FileStore
from chassis.testing.identity import as_hq, as_rep, as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import collection_service_pb2 as collections_pb
from closeloop.integration.v1 import collection_service_pb2_grpc as collections_grpc
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.tables import bank_entry, bank_statement, claim, feed, feed_run, quarantine
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, instant, receivable, statement

DAY_1 = [Line("0001", "52000.00", remark="HT-2026-001"), Line("0002", "100.00", credit=False, payer="工商银行")]
DAY_2 = [Line("0003", "300.00", payer="陌生人", booked_on="2026-03-11")]
DAY_3 = [Line("0004", "200.00", payer="陌生人", booked_on="2026-03-12")]


def pulled(world: World, **statements: str) -> Any:
    world.vault.statements = {int(name[1:]): text for name, text in statements.items()}
    return world.run("bank")


def three_days(world: World) -> dict[str, str]:
    world.vault.balance = "52400.00"
    world.clock.set(instant("2026-03-12T10:00:00+08:00"))
    return {
        "s1": statement(1, DAY_1),
        "s2": statement(2, DAY_2, opening="51900.00", until="2026-03-11T10:00:00+08:00"),
        "s3": statement(3, DAY_3, opening="52200.00", until="2026-03-12T10:00:00+08:00"),
    }


@pytest.mark.spec("N1.1", "N2.1")
def test_statements_that_agree_with_the_balance_prove_the_moment(world: World) -> None:
    run = pulled(world, **three_days(world))
    assert (run.outcome, run.records_in, run.records_new) == ("ok", 4, 4)
    state = world.feed("bank")
    assert (state.health, state.checkpoint) == ("healthy", '{"6222": 3}')
    assert state.complete_until.isoformat() == "2026-03-12T02:00:00+00:00"
    arrived = world.events("integration.receipt_arrived")
    assert [(each.message.amount.fen, each.message.booked_on) for each in arrived] == [
        (5_200_000, "2026-03-10"), (30_000, "2026-03-11"), (20_000, "2026-03-12"),
    ]  # fmt: skip


@pytest.mark.spec("N1.3")
def test_pulling_from_the_start_again_changes_nothing(world: World) -> None:
    pulled(world, **three_days(world))
    before = len(world.events())
    with world.service.uow.begin(as_service("integration")) as tx:
        tx.execute(feed.update().values(checkpoint=""))
        tx.commit()
    run = world.run("bank")
    assert (run.records_in, run.records_new, run.duplicates) == (4, 0, 4)
    assert len(world.events()) == before


@pytest.mark.spec("N2.2")
def test_a_hole_is_found_although_every_call_succeeded_and_closes_when_it_comes(world: World) -> None:
    whole = three_days(world)
    run = pulled(world, s1=whole["s1"], s3=whole["s3"])
    state = world.feed("bank")
    assert (run.outcome, state.health) == ("ok", "degraded")
    assert state.reason == "account 6222: statement 2 missing, 300.00 unaccounted for"
    assert state.complete_until.isoformat() == "2026-03-10T02:00:00+00:00"
    pulled(world, **whole)
    assert world.feed("bank").health == "healthy"
    told = [each.type for each in world.events() if "feed" in each.type]
    assert told == ["integration.feed_degraded", "integration.feed_recovered"]
    degraded = world.events("integration.feed_degraded")[0].message
    assert degraded.complete_until.ToJsonString() == "2026-03-10T02:00:00Z"
    assert len(world.rows(bank_entry)) == 4


@pytest.mark.spec("N2.2")
def test_while_bank_data_are_incomplete_the_figure_says_so(world: World, rpc: Rpc) -> None:
    whole = three_days(world)
    pulled(world, s1=whole["s1"], s3=whole["s3"])
    stub = collections_grpc.CollectionServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))
    told = stub.GetCollectionSummary(collections_pb.GetCollectionSummaryRequest(month="2026-03"))
    assert told.provenance.provisional
    assert told.provenance.note == "provisional, bank data until 2026-03-10 10:00"
    pulled(world, **whole)
    told = stub.GetCollectionSummary(collections_pb.GetCollectionSummaryRequest(month="2026-03"))
    assert (told.provenance.provisional, told.provenance.note) == (False, "")


@pytest.mark.spec("N2.1")
def test_a_balance_that_differs_is_late_after_two_hours(world: World) -> None:
    whole = three_days(world)
    world.clock.set(instant("2026-03-10T10:00:00+08:00"))
    world.vault.balance = "0.01"
    pulled(world, s1=whole["s1"])
    assert world.feed("bank").health == "healthy"
    world.clock.advance(timedelta(hours=2, seconds=1))
    pulled(world, s1=whole["s1"])
    assert world.feed("bank").reason == "not proved complete for more than 120 minutes"


@pytest.mark.spec("N1.2")
def test_a_statement_cut_in_half_is_quarantined_and_nothing_of_it_is_kept(world: World) -> None:
    whole = three_days(world)
    run = pulled(world, s1=whole["s1"], s2=whole["s2"][: len(whole["s2"]) // 2])
    assert (run.outcome, run.rejected) == ("ok", 1)
    [put_aside] = world.rows(quarantine)
    assert put_aside.reason == "the XML breaks off or is malformed at line 1"
    assert [row.sequence for row in world.rows(bank_statement)] == [1]
    assert len(world.rows(bank_entry)) == 2
    assert world.feed("bank").health == "degraded"
    pulled(world, **whole)
    assert world.rows(quarantine)[0].state == "superseded"
    assert world.feed("bank").health == "healthy"


@pytest.mark.spec("N1.2", "N2.2")
def test_an_entry_that_can_t_be_read_leaves_a_named_gap_until_it_is_replayed(world: World, rpc: Rpc) -> None:
    broken = statement(1, DAY_1).replace("<NtryRef>0001</NtryRef><Amt ", "<NtryRef>0001</NtryRef><Sum ")
    broken = broken.replace(">52000.00</Amt>", ">52000.00</Sum>")
    pulled(world, s1=broken)
    state = world.feed("bank")
    assert state.reason == (
        "account 6222: entries of statement 1 are 52,000.00 short of its balances; 1 records in quarantine"
    )
    world.vault.balance = "51900.00"
    pulled(world, s1=statement(1, DAY_1))
    state = world.feed("bank")
    assert (state.health, state.reason, len(world.rows(bank_entry))) == ("healthy", "", 2)


@pytest.mark.spec("N1.3")
def test_the_same_key_with_other_content_is_a_correction_and_claims_follow(world: World) -> None:
    world.owe(receivable())
    world.vault.balance = "52000.00"
    pulled(world, s1=statement(1, [Line("0001", "52000.00", remark="HT-2026-001")]))
    assert len(world.events("integration.receipt_claimed")) == 1
    world.vault.balance = "50000.00"
    corrected = statement(1, [Line("0001", "50000.00", remark="HT-2026-001")])
    world.vault.statements = {1: corrected}
    with world.service.uow.begin(as_service("integration")) as tx:
        tx.execute(feed.update().where(feed.c.feed == "bank").values(checkpoint=""))
        tx.commit()
    run = world.run("bank")
    assert (run.corrected, run.records_new) == (1, 0)
    [told] = world.events("integration.receipt_corrected")
    assert (told.message.field, told.message.before, told.message.after) == ("amount_fen", "5200000", "5000000")
    assert [each.message.reason for each in world.events("integration.receipt_unclaimed")] == ["corrected by the bank"]
    standing = [row.amount_fen for row in world.rows(claim) if row.undone_at is None]
    assert standing == [5_000_000]


@pytest.mark.spec("N1.1")
def test_a_file_by_hand_takes_the_same_path(world: World, rpc: Rpc) -> None:
    store = FileStore(world.service.runtime.settings.files_url)
    stub = pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))
    good = store.put([statement(1, DAY_1).encode()], "s1.xml", 10**6).id
    run = stub.ImportStatement(pb.ImportStatementRequest(request_id="1", file_id=good)).run
    assert (run.outcome, run.records_in, run.records_new) == ("ok", 2, 2)
    again = stub.ImportStatement(pb.ImportStatementRequest(request_id="2", file_id=good)).run
    assert (again.records_new, again.duplicates) == (0, 2)
    same = stub.ImportStatement(pb.ImportStatementRequest(request_id="1", file_id=good)).run
    assert same.run_id == run.run_id
    pulled(world, s1=statement(1, DAY_1))
    assert len(world.rows(bank_entry)) == 2


@pytest.mark.spec("N1.1", "N1.2")
def test_a_broken_file_by_hand_says_why_and_leaves_the_feed_alone(world: World, rpc: Rpc) -> None:
    pulled(world, **three_days(world))
    store = FileStore(world.service.runtime.settings.files_url)
    stub = pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))
    half = store.put([statement(4, DAY_1).encode()[:700]], "half.xml", 10**6).id
    run = stub.ImportStatement(pb.ImportStatementRequest(request_id="1", file_id=half)).run
    assert (run.outcome, run.error_class, run.rejected) == ("failed", "parse", 1)
    assert run.error == "the XML breaks off or is malformed at line 1"
    assert world.feed("bank").health == "healthy"
    kept = stub.ListQuarantine(pb.ListQuarantineRequest(feed="bank")).quarantined
    assert [(each.state, each.reason_zh) for each in kept] == [("waiting", "XML 在第 1 行中断或格式错误")]


@pytest.mark.spec("N4.1")
def test_money_that_names_its_contract_is_claimed_and_told_on(world: World) -> None:
    world.owe(receivable())
    pulled(world, **three_days(world))
    [told] = world.events("integration.receipt_claimed")
    said = told.message
    found = (said.contract_number, said.salesperson_id, said.amount.fen, said.arrived_on, said.method, said.claimed_by)
    assert found == (
        "HT-2026-001", "E00001", 5_200_000, "2026-03-10", "exact_contract", "service:integration",
    )  # fmt: skip


@pytest.mark.spec("N4.1")
def test_a_receivable_that_comes_later_finds_its_money(world: World) -> None:
    pulled(world, **three_days(world))
    assert world.events("integration.receipt_claimed") == []
    world.owe(receivable())
    assert len(world.events("integration.receipt_claimed")) == 1


@pytest.mark.spec("N1.1")
def test_a_bank_that_answers_in_another_form_fails_the_run(world: World) -> None:
    world.bank.routes["/balance"] = lambda _: {"saldo": "0"}
    assert world.run("bank").error_class == "schema"
    world.bank.routes["/balance"] = lambda _: {"balance": "0", "currency": "CNY", "asOf": "2026-03-10T02:00:00Z"}
    world.bank.routes["/statements"] = lambda _: {"statements": [{"file": "x.xml"}]}
    assert world.run("bank").error_class == "schema"
    assert [row.outcome for row in world.rows(feed_run)] == ["failed", "failed"]


def test_only_finance_and_operations_import_statements(world: World, rpc: Rpc) -> None:
    with pytest.raises(PermissionDenied):
        pb_grpc.FeedServiceStub(rpc(world.service, as_=as_rep())).ImportStatement(
            pb.ImportStatementRequest(request_id="1", file_id="a" * 64)
        )
    with pytest.raises(NotFound):
        pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance"))).ImportStatement(
            pb.ImportStatementRequest(request_id="1", file_id="a" * 64)
        )


@pytest.mark.spec("N2.1")
def test_an_account_that_never_sent_a_statement_is_new_and_late_after_two_hours(world: World) -> None:
    world.vault.balance = "900.00"
    world.run("bank")
    assert (world.feed("bank").health, world.events("integration.feed_degraded")) == ("new", [])
    world.bank.routes["/balance"], answer = (lambda _: (500, b"")), world.bank.routes["/balance"]
    world.run("bank")
    world.bank.routes["/balance"] = answer
    world.run("bank")
    assert world.feed("bank").reason == "nothing is proved complete yet"
    world.clock.advance(timedelta(hours=2, seconds=1))
    world.run("bank")
    assert world.feed("bank").health == "degraded"
