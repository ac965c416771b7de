"""The broker is killed and stopped in the middle of everything, and nothing is lost, doubled or out of order."""

from __future__ import annotations

import random
from threading import Event, Thread

import pytest

from chassis.local import LocalKafka
from tests.faults.depot import Depot
from tests.faults.programs import wait_for
from tests.faults.scale import scaled

EVENTS = scaled(20_000, 2_000)
CRATES = [f"crate-{number}" for number in range(50)]
KILLS = 3


@pytest.mark.timeout(900)
@pytest.mark.spec("P7.1", "P4.2")
def test_a_broker_killed_in_the_middle_goes_on_where_it_was(depot: Depot, kafka: LocalKafka) -> None:
    programs = [depot.program("all").start() for _ in range(2)]
    steps, written, moments = EVENTS // len(CRATES), Event(), random.Random(20260310)

    def write() -> None:
        for step in range(steps):
            depot.record(CRATES, [step])
        written.set()

    Thread(target=write, daemon=True).start()
    port = kafka.port
    for number in range(KILLS):
        goal = EVENTS * (number + moments.random()) / KILLS
        wait_for(lambda goal=goal: depot.count("effect") >= goal * 0.9, what="some effects before a kill")
        if number % 2 == 0:
            kafka.process.kill()
        kafka.stop()
        kafka = LocalKafka(kafka.folder, port)
        kafka.start()
    try:
        wait_for(written.is_set, what="all written")
        wait_for(lambda: depot.count("effect") >= EVENTS, what="every event's effect")
        wait_for(lambda: depot.count("outbox") == 0, what="an empty outbox")
        wait_for(lambda: all(each.is_settled() for each in programs), what="rest")
    finally:
        kafka.stop()
    assert depot.effects() == {crate: list(range(steps)) for crate in CRATES}
    relayed = sum(each.metric("closeloop_relayed_total") for each in programs)
    assert relayed == EVENTS, "what the broker acknowledged it must have kept: nothing is sent again on purpose"
    print(
        f"\nApache Kafka killed or stopped {KILLS} times: {EVENTS} events, {depot.count('effect')} effects, each once"
    )


@pytest.mark.timeout(300)
@pytest.mark.spec("P7.2", "P4.2")
def test_offsets_outlive_broker_and_consumer(depot: Depot, kafka: LocalKafka) -> None:
    """Nothing is read again from the beginning, which only the embedded broker makes necessary."""
    program = depot.program("all").start()
    for step in range(20):
        depot.record(CRATES, [step])
    total = 20 * len(CRATES)
    wait_for(lambda: depot.count("effect") == total, what="all effects")
    wait_for(program.is_settled, what="rest")
    program.terminate()
    port = kafka.port
    kafka.stop()
    with LocalKafka(kafka.folder, port):
        program.start().wait_until_ready()
        depot.record(CRATES, [20])
        wait_for(lambda: depot.count("effect") == total + len(CRATES), what="the late effects")
        wait_for(program.is_settled, what="rest")
        assert program.metric("closeloop_consumed_total", outcome="twice") == 0
