"""A service as an operator knows it: started in any order, asked, stopped."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.local import LocalPostgres, create_service_database
from chassis.local.databases import drop_service_database
from chassis.rpc.client import Channel
from chassis.testing.contracts import Contract
from chassis.testing.identity import Keys, as_rep

from .conftest import Start

FreshDatabase = Callable[..., Database]


@pytest.mark.spec("P7.3")
def test_sigterm_finishes_running_calls_and_takes_no_new_ones(
    start: Start, contract: Contract, keys: Keys, service_database: FreshDatabase
) -> None:
    database = service_database("notebook")
    running = start("serve", CLOSELOOP_DATABASE_URL=database.url)
    running.wait_until(lambda answer: answer["ready"])
    assert running.health() == "SERVING"

    with (
        database.connect() as gate,
        ThreadPoolExecutor(1) as caller,
        Channel(f"127.0.0.1:{running.grpc_port}", keys.of("gateway"), as_rep()) as channel,
    ):
        gate.execute(text("SELECT pg_advisory_lock(1)"))
        stub = contract.grpc.NotebookServiceStub(channel)
        held = caller.submit(stub.ReadNote, contract.pb2.ReadNoteRequest(play="in time"), timeout=20)
        waits_for(database, gate="advisory")

        running.process.send_signal(signal.SIGTERM)
        while running.health() == "SERVING":
            pass
        gate.execute(text("SELECT pg_advisory_unlock(1)"))

        assert held.result(20).text == "in time"
    code, log = running.end()
    assert code == 0
    assert [line["event"] for line in log][-2:] == ["service.draining", "service.stopped"]


def waits_for(database: Database, gate: str) -> None:
    """Until a call hangs at the gate."""
    question = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = :gate AND datname = current_database()")
    while True:
        with database.connect() as connection:
            if connection.scalar(question, {"gate": gate}):
                return


@pytest.mark.spec("P7.3")
def test_all_roles_start_before_their_database_and_migrate_it_when_it_comes(
    start: Start, postgres: LocalPostgres
) -> None:
    url = create_service_database(postgres, "notebook_late", role="notebook")
    drop_service_database(postgres, "notebook_late")
    running = start("all", CLOSELOOP_DATABASE_URL=url)
    assert running.wait_until(lambda answer: "starting" in answer["why"])["ready"] is False

    create_service_database(postgres, "notebook_late", role="notebook")
    running.wait_until(lambda answer: answer["ready"])

    assert running.health() == "SERVING"
    running.process.terminate()
    code, log = running.end()
    assert code == 0
    assert [line["event"] for line in log].count("database.waiting") == 1


@pytest.mark.spec("P3.1")
def test_migrate_ends_when_it_is_done_and_serve_says_until_then_that_it_is_not(
    start: Start, postgres: LocalPostgres
) -> None:
    url = create_service_database(postgres, "notebook_bare", role="notebook")
    serving = start("serve", CLOSELOOP_DATABASE_URL=url)
    assert serving.wait_until(lambda answer: "starting" not in answer["why"])["why"] == ["database: not migrated yet"]

    code, _ = start("migrate", CLOSELOOP_DATABASE_URL=url).end()

    assert code == 0
    assert serving.ready() == {"ready": True, "why": []}


@pytest.mark.spec("P11.3")
def test_the_process_tells_when_it_is_at_rest(start: Start, service_database: FreshDatabase) -> None:
    database = service_database("notebook")
    running = start("jobs", CLOSELOOP_DATABASE_URL=database.url)
    running.wait_until(lambda answer: answer["ready"])

    assert running.ask("/local/settled") == {"settled": True, "why": []}
    with database.begin() as connection:
        connection.execute(
            text("""INSERT INTO outbox (id, bucket, aggregate_id, topic, type, headers, data, occurred_at)
                    VALUES (uuidv7(), 1, 'a', 't', 'x', '{}', '', now())""")
        )

    assert running.ask("/local/settled")["why"] == ["outbox: 1 events to publish"]


@pytest.mark.spec("P4.1")
def test_a_busy_port_is_one_clear_line(start: Start, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["CLOSELOOP_GRPC_PORT"]))):
        running = start("serve", CLOSELOOP_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
        _, words = running.process.communicate(timeout=30)

    assert running.process.returncode == 2
    plain = [line for line in words.splitlines() if not line.startswith("{")]
    assert plain == [
        f"Port {environment['CLOSELOOP_GRPC_PORT']} on 127.0.0.1 can't be used, "
        "probably something else listens on it: set CLOSELOOP_GRPC_PORT."
    ]


@pytest.mark.spec("P4.1")
@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"CLOSELOOP_SIGNING_KEY": ""}, "CLOSELOOP_SIGNING_KEY"),
        ({"CLOSELOOP_TRUST": "/nowhere/trust.json"}, "/nowhere/trust.json"),
        ({}, "CLOSELOOP_DATABASE_URL must be set."),
        ({"CLOSELOOP_MODE": "holiday"}, "CLOSELOOP_MODE: Input should be 'local' or 'production'."),
    ],
    ids=["no key", "no trust", "no database", "no such mode"],
)
def test_a_missing_setting_is_one_clear_line(start: Start, changes: dict[str, str], line: str) -> None:
    running = start("serve", **changes)
    _, words = running.process.communicate(timeout=30)

    assert running.process.returncode == 2
    assert len(words.splitlines()) == 1
    assert line in words
