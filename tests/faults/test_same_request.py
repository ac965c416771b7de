"""The same request again: at once, at the same time, with another body, after the service died three times."""

from __future__ import annotations

import pytest

from chassis.errors import CloseloopError
from chassis.rpc.client import Channel
from tests.faults.depot import Depot, at_once
from tests.faults.programs import Program
from tests.faults.scale import scaled

REQUESTS = scaled(500, 25)


def store_all(depot: Depot, channel: Channel, twins: int = 1) -> list[set[str]]:
    """For each request the different receipts that its twins got."""
    stub = depot.stub(channel)
    found = []
    for number in range(REQUESTS):
        request = depot.crate(f"request-{number}", f"crate-{number}")
        found.append({each.receipt_id for each in at_once(*[lambda r=request: stub.StoreCrate(r)] * twins)})
    return found


def crates_once(depot: Depot) -> bool:
    with depot.database.connect() as connection:
        steps = connection.exec_driver_sql("SELECT count(*), sum(step), sum(pieces) FROM crate").one()
    return tuple(steps) == (REQUESTS, REQUESTS, REQUESTS)


@pytest.mark.timeout(900)
@pytest.mark.spec("P7.1")
def test_a_request_has_one_effect_and_one_answer_for_ever(depot: Depot) -> None:
    program = depot.program("all").start().wait_until_ready()
    with depot.channel(program) as channel:
        first = store_all(depot, channel, twins=2)
        assert {len(receipts) for receipts in first} == {1}
        assert crates_once(depot)
        assert store_all(depot, channel) == first
    for restart in (kill, stop, kill):
        restart(program)
        program.start().wait_until_ready()
        with depot.channel(program) as channel:
            assert store_all(depot, channel) == first
    with depot.channel(program) as channel:
        refused = [refusal_of(depot, channel, number) for number in range(REQUESTS)]
    assert refused == ["REQUEST_ID_REUSED"] * REQUESTS
    assert crates_once(depot)
    assert depot.count("audit_row") == REQUESTS
    assert depot.count("outbox") + depot.count("outbox_sent") == REQUESTS
    print(f"\n{REQUESTS} requests, each 6 times, 3 restarts: {REQUESTS} changes; {len(refused)} other bodies refused")


def refusal_of(depot: Depot, channel: Channel, number: int) -> str:
    try:
        depot.stub(channel).StoreCrate(depot.crate(f"request-{number}", f"crate-{number}", pieces=2))
    except CloseloopError as refusal:
        return refusal.reason
    return "accepted"


def kill(program: Program) -> None:
    program.kill()


def stop(program: Program) -> None:
    program.terminate()
