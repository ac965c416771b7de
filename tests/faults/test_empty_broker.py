"""The broker dies and comes back with nothing: what was sent is sent again, and has no second effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.bus import Bus, BusSettings
from chassis.local import LocalBroker, local_broker
from tests.faults.depot import Depot
from tests.faults.depot_events import CRATES
from tests.faults.programs import wait_for
from tests.faults.scale import scaled

EVENTS = scaled(20_000, 300)
CRATE = [f"crate-{number}" for number in range(100)]


@pytest.mark.timeout(900)
@pytest.mark.spec("P7.1")
def test_an_outbox_refilled_into_an_empty_broker_has_no_effect_twice(
    depot: Depot, broker: LocalBroker, server_folder: Path
) -> None:
    steps = EVENTS // len(CRATE)
    program = depot.program("all").start()
    for step in range(steps):
        depot.record(CRATE, [step])
    wait_for(lambda: depot.count("effect") == EVENTS, what="all effects")
    wait_for(lambda: depot.count("outbox_sent") == EVENTS, what="all marked as sent")

    broker.process.kill()
    depot.record(CRATE, [steps])  # accepted while there is no broker
    with local_broker(server_folder / f"again-{broker.port}", port=broker.port, ephemeral=True):
        wait_for(lambda: depot.count("effect") == EVENTS + len(CRATE), what="the late effects")
        wait_for(lambda: depot.count("outbox") == 0, what="an empty outbox")
        wait_for(lambda: program.metric("closeloop_relayed_total") >= 2 * EVENTS + len(CRATE), what="all sent again")
        twice = {"name": "closeloop_consumed_total", "outcome": "twice"}
        wait_for(lambda: program.metric(**twice) >= EVENTS, what="all read again")
        wait_for(lambda: not program.not_ready() and program.is_settled(), what="rest")
        again = sum(Bus(BusSettings(bootstrap=broker.bootstrap, profile=broker.profile)).end_offsets([CRATES]).values())
        assert again >= EVENTS  # the embedded broker may count a batch too little
        assert depot.effects() == {crate: list(range(steps + 1)) for crate in CRATE}
        print(f"\n{EVENTS} events sent again into an empty broker: {depot.count('effect')} effects, each once")
