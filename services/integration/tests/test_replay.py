"""Records from the quarantine, tried again: none blocks another, and nobody waits for ever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func

from chassis.errors import Internal
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq, as_service
from chassis.testing.locks import until_blocked
from chassis.testing.rpc import Rpc
from chassis.unit_of_work import Transaction
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.feeds.connector import Page, TakesFiles
from integration.feeds.import_file import import_file
from integration.feeds.rules import Outcome
from integration.jobs import App
from integration.tables import bank_entry, bank_statement, claim, erp_delivery, feed, feed_run, quarantine
from integration.tables import receivable as receivables
from services.integration.tests.bank_samples import ccb_csv, front_machine
from services.integration.tests.conftest import World
from services.integration.tests.test_bank_twins import Desk
from services.integration.tests.world import Line, employee, receivable, statement


def door(world: World, rpc: Rpc) -> pb_grpc.FeedServiceStub:
    return pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))


def mend(world: World, key: str, old: str, new: str) -> None:
    """The fix of a real release is a parser that knows the word; here the record itself is mended."""
    with world.service.uow.begin(as_service("integration")) as tx:
        mended = func.replace(quarantine.c.raw, old, new)
        tx.execute(quarantine.update().where(quarantine.c.record_key == key).values(raw=mended))
        tx.commit()


def put_aside(world: World, name: str, body: Mapping[str, Any]) -> None:
    """A record that the release before could not read."""
    world.put(
        quarantine,
        {"id": new_id(), "feed": name, "run_id": new_id(), "place": "page 1", "raw": json.dumps(body),
         "at": world.clock.now()},
    )  # fmt: skip


def hand_in(world: World, content: str, name: str = "erp_deliveries") -> Any:
    """Records of the ERP as a CSV; the row of its run."""
    app: App = world.service.app
    connector = world.connectors[name]
    assert isinstance(connector, TakesFiles)
    with app.uow.begin(as_service("integration")) as tx:
        pages = connector.pages_of(BytesIO(content.encode()), "file 1", "", tx.now)
        run_id = import_file(tx, connector, app.rule_of, pages, "file 1")
        tx.commit()
    return world.row(feed_run, id=run_id)


HEAD = "发货单号,订单号,合同编号,客户编号,客户名称,发货日期,发货金额,状态,版本号\n"


@pytest.mark.spec("N1.2")
def test_rows_that_no_replay_can_read_are_told_apart_and_block_no_other(world: World, rpc: Rpc) -> None:
    early = "D-1,SO-1,HT,C1,一院,2026-03-08,1.00,待定,1\n"
    assert hand_in(world, HEAD + "D-9,SO-9\n" * 500 + early).rejected == 501
    stub = door(world, rpc)
    assert world.row(quarantine, record_key="D-1").field == "Status"
    mend(world, "D-1", "待定", "DELIVERED")
    asked = pb.ReplayQuarantineRequest(request_id="1", feed="erp_deliveries")
    told = stub.ReplayQuarantine(asked)
    assert (told.replayed, told.still_rejected, told.to_hand_in) == (1, 0, 500)
    assert len(world.rows(erp_delivery)) == 1
    waiting = {(row.reason, row.state) for row in world.rows(quarantine, alone=False)}
    assert waiting == {("the row lacks cells", "waiting")}
    shown = stub.ListQuarantine(pb.ListQuarantineRequest(feed="erp_deliveries")).quarantined
    assert {each.to_hand_in for each in shown if each.state == "waiting"} == {True}


@pytest.mark.spec("N1.2")
def test_what_fails_again_goes_behind_what_was_not_tried_for_longer(world: World, rpc: Rpc) -> None:
    for number in range(501):
        put_aside(world, "hr", {"employeeId": f"E{number}"})
    put_aside(world, "hr", employee("E00009"))
    stub = door(world, rpc)

    def replay(request_id: str) -> tuple[int, int]:
        told = stub.ReplayQuarantine(pb.ReplayQuarantineRequest(request_id=request_id, feed="hr"))
        world.clock.advance(timedelta(seconds=1))
        return told.replayed, told.still_rejected

    assert (replay("1"), replay("2")) == ((0, 500), (1, 499))
    assert replay("3") == (0, 500)


def in_days(wrong: str) -> str:
    """A CSV of two days whose second row can't be read."""
    lines = [
        Line("1", "100.00", booked_on="2026-03-09"), Line("2", "40.00", booked_on="2026-03-09"),
        Line("3", "7.00", booked_on="2026-03-10"),
    ]  # fmt: skip
    return ccb_csv(lines).replace('"0.00","40.00"', wrong)


def in_numbers(wrong: str) -> str:
    told = front_machine([Line("1", "100.00"), Line("2", "40.00"), Line("3", "7.00")])
    return json.dumps(told).replace('"40.00"', wrong, 1)


LATE = {"csv": (in_days, '"0.00","half"', "half", "40.00"), "json": (in_numbers, '"half"', "half", "40.00")}


@pytest.mark.spec("N1.2", "N2.2")
@pytest.mark.parametrize("form", LATE)
def test_an_entry_that_is_replayed_goes_into_its_statement_and_leaves_the_balances(
    world: World, rpc: Rpc, form: str
) -> None:
    written, wrong, old, new = LATE[form]
    desk = Desk(world, rpc)
    assert (run := desk.hand_in(written(wrong).encode())).rejected == 1, run
    [before] = world.rows(bank_statement)
    assert "40.00 short of its balances" in world.feed("bank").holes[0]["en"]
    [kept] = world.rows(quarantine)
    mend(world, kept.record_key, old, new)
    assert door(world, rpc).ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="1", feed="bank")).replayed == 1
    [after] = world.rows(bank_statement)
    assert (after.opening_fen, after.closing_fen, after.until) == (0, 14_700, before.until)
    assert world.feed("bank").holes == []
    assert desk.hand_in(written('"0.00","40.00"' if form == "csv" else '"40.00"').encode()).duplicates == 3


@pytest.mark.spec("N1.2", "N2.2", "P7.1")
def test_a_replay_that_breaks_off_between_its_transactions_is_made_whole_by_the_same_call_again(
    world: World, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    Desk(world, rpc).hand_in(in_days('"0.00","half"').encode())
    mend(world, world.row(quarantine).record_key, "half", "40.00")
    stub, asked = door(world, rpc), pb.ReplayQuarantineRequest(request_id="1", feed="bank")

    def dies(*_: object) -> None:
        raise SystemError

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(world.connectors["bank"], "finish", dies)
        with pytest.raises(Internal):
            stub.ReplayQuarantine(asked)
    assert world.row(quarantine).state == "replayed"
    assert "40.00 short of its balances" in world.feed("bank").holes[0]["en"]
    assert stub.ReplayQuarantine(asked).replayed == 1
    assert world.feed("bank").holes == []
    assert sorted(row.amount_fen for row in world.rows(bank_entry)) == [700, 4_000, 10_000]


@pytest.mark.spec("N1.2", "N2.2")
def test_a_replayed_entry_of_an_older_statement_never_moves_the_closing_balance_back(world: World, rpc: Rpc) -> None:
    desk, lines = Desk(world, rpc), [Line("1", "100.00"), Line("2", "40.00")]
    desk.hand_in(statement(1, lines).replace(">40.00<", ">half<").encode())
    desk.hand_in(statement(1, [Line("1", "160.00")]).encode())
    mend(world, world.row(quarantine).record_key, "half", "40.00")
    door(world, rpc).ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="1", feed="bank"))
    [held] = world.rows(bank_statement)
    assert held.closing_fen == 16_000
    assert [each["en"] for each in world.feed("bank").holes] == [
        "account 6222: entries of statement 1 are -40.00 short of its balances"
    ]


@pytest.mark.spec("N1.2")
def test_an_entry_in_another_currency_stays_one_when_it_is_replayed_alone(world: World, rpc: Rpc) -> None:
    desk = Desk(world, rpc)
    dollars = ccb_csv([Line("1", "100.00"), Line("2", "40.00")]).replace('"140.00",人民币元', '"140.00",美元')
    assert desk.hand_in(dollars.encode()).rejected == 1
    told = door(world, rpc).ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="1", feed="bank"))
    assert (told.replayed, told.still_rejected) == (0, 1)
    [kept] = world.rows(quarantine)
    assert (kept.reason, kept.field) == ("currency USD in a CNY account", "currency")


class Paused:
    """Holds a replay where it has taken its records, until the other side waits for a lock or is through."""

    def __init__(self, world: World, feed: str) -> None:
        self.taken, self.other_done = Event(), Event()
        connector = world.connectors[feed]
        take = connector.take

        def paused(tx: Transaction, page: Page, run_id: str) -> Outcome:
            outcome = take(tx, page, run_id)
            self.taken.set()
            until_blocked(world.service.uow.database, unless=self.other_done.is_set)
            return outcome

        connector.take = paused  # type: ignore[method-assign]


@pytest.mark.spec("N1.2", "N4.1")
def test_a_replay_of_receivables_and_a_run_of_the_bank_that_claims_them_let_each_other_through(
    world: World, rpc: Rpc
) -> None:
    world.owe(receivable())
    put_aside(world, "erp_receivables", receivable(Version=2, Amount="60000.00"))
    world.vault.statements[1] = statement(1, [Line("0001", "52000.00", remark="HT-2026-001")])
    world.vault.balance = "52000.00"
    stub = door(world, rpc)
    paused = Paused(world, "erp_receivables")
    with ThreadPoolExecutor(2) as both:
        replay = both.submit(
            stub.ReplayQuarantine, pb.ReplayQuarantineRequest(request_id="1", feed="erp_receivables"), timeout=30
        )
        assert paused.taken.wait(20)
        run = both.submit(world.run, "bank")
        run.add_done_callback(lambda _: paused.other_done.set())
        assert (replay.result(60).replayed, run.result(60).outcome) == (1, "ok")
    assert [row.amount_fen for row in world.rows(receivables)] == [6_000_000]
    assert [row.amount_fen for row in world.rows(claim)] == [5_200_000]
    assert world.row(feed, feed="bank").holes == []
