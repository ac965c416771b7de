"""The live stream over a broker that comes back with nothing: its own broker, stopped and started again."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.bus import BrokerAway, Bus, BusSettings
from chassis.local import LocalBroker
from gateway.stream.reader import TYPE, Reader

from .conftest import closed_port, until
from .test_stream import CATALOG, notice, publish


@pytest.mark.spec("P1.2", "P7.2")
def test_a_broker_that_lost_everything_leaves_no_hole(server_folder: Path) -> None:
    port = closed_port()
    bus = Bus(BusSettings.embedded(f"127.0.0.1:{port}", fetch_max_wait_ms=20))
    delivered: list[int] = []
    gaps: list[int] = []
    reader = Reader(bus, lambda found: delivered.extend(each.notification_id for each in found), lambda: gaps.append(1))

    with LocalBroker(server_folder / "first", port, ephemeral=True):
        reader.start()
        until(lambda: reader.reading)
        publish(bus, *(notice(number) for number in range(1, 6)))
        until(lambda: delivered == [1, 2, 3, 4, 5])
        before = len(gaps)
    try:
        with LocalBroker(server_folder / "second", port, ephemeral=True):
            until(lambda: _is_there(bus), 20)
            publish(bus, notice(6))
            until(lambda: len(gaps) > before, 30)
            until(lambda: reader.reading)
            publish(bus, notice(7))
            until(lambda: delivered[-1] == 7, 20)
    finally:
        reader.stop()


def _is_there(bus: Bus) -> bool:
    try:
        bus.ensure_topics([CATALOG.of_type(TYPE).topic])
    except BrokerAway:
        return False
    return True
