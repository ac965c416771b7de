"""Records from the quarantine, tried again: none blocks another, and nobody waits for ever."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from chassis.unit_of_work import Transaction
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.feeds.connector import Page
from integration.feeds.rules import Outcome
from integration.tables import claim, feed, quarantine
from integration.tables import receivable as receivables
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, receivable, statement

BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def door(world: World, rpc: Rpc) -> pb_grpc.FeedServiceStub:
    return pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))


def put_aside(world: World, name: str, body: Mapping[str, Any]) -> None:
    """A record that the release before could not read."""
    world.put(
        quarantine,
        {"id": new_id(), "feed": name, "run_id": new_id(), "place": "page 1", "raw": json.dumps(body),
         "at": world.clock.now()},
    )  # fmt: skip


class Paused:
    """Holds a replay where it has taken its records, until the other side waits for a lock or is through."""

    def __init__(self, world: World, feed: str) -> None:
        self.world, self.taken, self.other_done = world, Event(), Event()
        connector = world.connectors[feed]
        take = connector.take

        def paused(tx: Transaction, page: Page, run_id: str) -> Outcome:
            outcome = take(tx, page, run_id)
            self.taken.set()
            self._wait()
            return outcome

        connector.take = paused  # type: ignore[method-assign]

    def _wait(self) -> None:
        until = time.monotonic() + 20
        with self.world.service.uow.database.read() as connection:
            while not connection.execute(BLOCKED).scalar_one() and not self.other_done.wait(0.01):
                assert time.monotonic() < until, "nobody waits for the replay"


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
