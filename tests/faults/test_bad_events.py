"""Events that a handler can't take: one key, and nearly all keys."""

from __future__ import annotations

import subprocess

import pytest

from chassis.consumer import parked_events, replay_parked
from tests.faults.depot import Depot
from tests.faults.programs import module, wait_for
from tests.faults.scale import scaled

KEYS = scaled(2_000, 300)
POISON = "INSERT INTO poison (crate_id, step) VALUES (:crate_id, :step)"
HASTY = "0.1,0.2"


def crates(number: int) -> list[str]:
    return [f"crate-{each}" for each in range(number)]


def states(depot: Depot) -> list[tuple[str, str]]:
    with depot.database.connect() as connection:
        return [(each.record.key, each.state) for each in parked_events(connection, "depot", limit=10_000)]


def cure(depot: Depot) -> None:
    """The release that can take them; a person lets the parked ones go on."""
    dead = {key for key, state in states(depot) if state in ("dead", "retrying")}
    with depot.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM poison")
        for key in dead:
            replay_parked(connection, "depot", key)


@pytest.mark.timeout(900)
@pytest.mark.spec("P3.2", "P7.1")
def test_a_poison_event_holds_its_key_alone_and_then_most_keys_stop_the_consumer(depot: Depot) -> None:
    program = depot.program("all", CLOSELOOP_CONSUMER_PAUSES=HASTY).start().wait_until_ready()
    poison_one_key(depot)
    an_operator_sees_it_and_lets_it_go_on(depot)
    wait_for(lambda: depot.count("parked_event") == 0, what="replay")
    assert depot.effects() == {crate: [1, 2, 3] for crate in crates(KEYS)}

    poison_half_of_the_last_keys(depot)
    assert program.not_ready() == []
    assert depot.count("effect") == 3 * KEYS + 100

    depot.execute(POISON, {"crate_id": "crate-100", "step": 4})
    depot.record(["crate-100", "crate-101"], [4])
    wait_for(lambda: program.not_ready() == ["consumer: ConsumerStopped: 101 of the last 200 keys failed"], what="stop")
    assert depot.count("effect") == 3 * KEYS + 100
    assert ("crate-100", "dead") not in states(depot)

    cure(depot)
    wait_for(lambda: program.is_settled() and not program.not_ready(), what="rest")
    assert depot.effects() == {c: [1, 2, 3, 4] if n < 202 else [1, 2, 3] for n, c in enumerate(crates(KEYS))}
    assert depot.count("parked_event") == 0
    assert program.metric("closeloop_loop_restarts_total", loop="consumer") >= 1
    print(
        f"\n{KEYS} keys: 1 poisoned, {3 * KEYS} effects in order; stopped at 101 of 200, {depot.count('effect')} in all"
    )


def an_operator_sees_it_and_lets_it_go_on(depot: Depot) -> None:
    head, behind = command(depot, "parked")[1].splitlines()[:2]
    assert "dead\tdepot.crate_stored\tcrate-7" in head
    assert "waiting\tdepot.crate_stored\tcrate-7" in behind
    assert command(depot, "replay", "crate-8", "--why", "typing error")[0] == 1
    assert command(depot, "skip", "4711", "--why", "typing error")[0] == 1
    assert command(depot, "replay", "crate-7")[0] == 2, "nothing is done without a reason"
    depot.execute("DELETE FROM poison")
    assert command(depot, "replay", "crate-7", "--why", "the handler is mended")[0] == 0
    with depot.database.connect() as connection:
        told = connection.exec_driver_sql(
            "SELECT action, entity_id, why FROM audit_row WHERE entity = 'event_key'"
        ).all()
    assert [tuple(each) for each in told] == [("event.replay", "crate-7", "the handler is mended")]


def command(depot: Depot, *arguments: str) -> tuple[int, str]:
    """Exit code and output of what an operator types."""
    argv = module("tests.faults.depot_service", "events", *arguments)
    env = depot.env | {"CLOSELOOP_MODE": "local"}
    done = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert done.stdin is not None
    assert done.stdout is not None
    with done.stdin, done.stdout:
        said = done.stdout.read().decode()
    return done.wait(60), said


def poison_one_key(depot: Depot) -> None:
    depot.execute(POISON, {"crate_id": "crate-7", "step": 2})
    depot.record(crates(KEYS), [1, 2, 3])
    wait_for(lambda: depot.count("effect") == 3 * KEYS - 2, what="all but two effects")
    wait_for(lambda: states(depot) == [("crate-7", "dead"), ("crate-7", "waiting")], what="one dead, one behind it")
    assert depot.effects()["crate-7"] == [1]


def poison_half_of_the_last_keys(depot: Depot) -> None:
    """100 good ones, then 100 bad ones: not more than half."""
    depot.record([f"crate-{each}" for each in range(102, 202)], [4])
    wait_for(lambda: depot.count("effect") == 3 * KEYS + 100, what="100 good ones")
    depot.execute(POISON, *({"crate_id": crate, "step": 4} for crate in crates(100)))
    depot.record(crates(100), [4])
    wait_for(lambda: [state for _, state in states(depot)] == ["dead"] * 100, what="100 dead")
