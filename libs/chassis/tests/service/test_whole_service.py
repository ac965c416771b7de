"""All roles of a service in one process, with a real database and a real broker: a change and everything it causes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import text

from chassis.clock import MovableClock
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.local import LocalBroker
from chassis.rpc.client import Channel
from chassis.testing.contracts import Contract
from chassis.testing.identity import Keys, as_rep

from .conftest import HERE, Running, Start

TUESDAY = datetime(2026, 3, 10, 2, tzinfo=UTC)


class World(NamedTuple):
    """The service's surroundings; `run` starts it, again after a crash."""

    run: Callable[[], Running]
    database: Database
    clock: MovableClock

    def diary(self) -> list[tuple[str, str]]:
        with self.database.connect() as connection:
            return [
                (row.what, row.note) for row in connection.execute(text("SELECT what, note FROM diary ORDER BY id"))
            ]


@pytest.fixture
def world(start: Start, service_database: Callable[..., Database], broker: LocalBroker, tmp_path: Path) -> World:
    database = service_database("notebook", HERE / "migrations")
    clock = MovableClock(tmp_path / "clock.json", mode="local")
    clock.move_to(TUESDAY)

    def run() -> Running:
        running = start(
            "all",
            CLOSELOOP_DATABASE_URL=database.url,
            CLOSELOOP_KAFKA_BOOTSTRAP=broker.bootstrap,
            CLOSELOOP_KAFKA_PROFILE=broker.profile,
            CLOSELOOP_CLOCK_FILE=str(tmp_path / "clock.json"),
        )
        running.wait_until(lambda answer: answer["ready"])
        return running

    return World(run, database, clock)


@pytest.fixture
def write(contract: Contract, keys: Keys) -> Callable[[Running, str], Any]:
    def call(running: Running, title: str) -> Any:
        with Channel(f"127.0.0.1:{running.grpc_port}", keys.of("gateway"), as_rep(), deadline=2.0) as channel:
            stub = contract.grpc.NotebookServiceStub(channel)
            return stub.WriteNote(contract.pb2.WriteNoteRequest(request_id=title, title=title))

    return call


def settle(running: Running) -> None:
    while not running.ask("/local/settled")["settled"]:
        assert running.process.poll() is None


@pytest.mark.spec("P3.2", "P11.3")
def test_a_change_its_event_and_its_clock(world: World, write: Callable[[Running, str], Any]) -> None:
    running = world.run()
    write(running, "first")
    settle(running)
    assert world.diary() == [("written", "first"), ("heard", "first")]

    due = datetime.fromisoformat(running.ask("/local/next-due")["next_due"])
    assert timedelta(minutes=30) <= due - TUESDAY < timedelta(minutes=31)
    world.clock.move_to(due)
    settle(running)

    assert world.diary()[-1] == ("reminded", "first")
    assert running.ask("/local/next-due")["next_due"] is None


@pytest.mark.spec("P7.1")
@pytest.mark.parametrize("point", ["before-commit", "after-commit-before-publish", "after-effect-before-offset"])
def test_killed_at_any_point_and_started_again_the_figures_are_the_same(
    world: World, write: Callable[[Running, str], Any], point: str
) -> None:
    running = world.run()
    assert httpx.post(running.side + "/local/fault", json={"point": point}).status_code == 200
    try:
        write(running, "first")
    except Unavailable:
        assert point != "after-effect-before-offset"
    assert running.process.wait(20) == -9

    again = world.run()
    write(again, "first")
    settle(again)

    assert sorted(world.diary()) == [("heard", "first"), ("written", "first")]
