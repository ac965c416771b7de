"""A fetch that leaves something out loses nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from chassis.bus import Batches, Bus, BusSettings, Gapless, Outgoing
from chassis.local import local_broker

PLACE = TopicPartition("orders", 0)


@dataclass
class Forgetful:
    """A client of a broker that leaves out what `hides` says of a fetch, and has `log` in the end."""

    log: list[int]
    hides: list[set[int]]
    at: int = 0
    fetches: int = 0
    sought: list[int] = field(default_factory=list)

    def assignment(self) -> set[TopicPartition]:
        return {PLACE}

    def position(self, partition: TopicPartition, timeout_ms: int | None = None) -> int:
        return self.at

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append(offset)
        self.at = offset

    def poll(self, timeout_ms: float = 0) -> Batches:
        hidden = self.hides[self.fetches] if self.fetches < len(self.hides) else set()
        self.fetches += 1
        seen = [offset for offset in self.log if offset >= self.at and offset not in hidden]
        if seen:
            self.at = seen[-1] + 1
        return {PLACE: [SimpleNamespace(offset=offset) for offset in seen]} if seen else {}


def read(client: Forgetful, polls: int, seconds: list[float]) -> list[int]:
    gapless = Gapless(client, patience=2.0, clock=lambda: seconds[0])
    found: list[int] = []
    for _ in range(polls):
        found += [record.offset for batch in gapless.poll(10).values() for record in batch]
        seconds[0] += 0.1
    return found


@pytest.mark.spec("P3.2")
@given(st.lists(st.sets(st.integers(0, 19)), max_size=6))
def test_everything_is_read_once_and_in_order_whatever_fetches_leave_out(hides: list[set[int]]) -> None:
    assert read(Forgetful(list(range(20)), hides), polls=10, seconds=[0.0]) == list(range(20))


@pytest.mark.spec("P3.2")
def test_what_is_really_gone_is_passed_over_after_some_patience() -> None:
    client, seconds = Forgetful([0, 1, 5, 6], []), [0.0]
    gapless = Gapless(client, patience=2.0, clock=lambda: seconds[0])

    def offsets() -> list[int]:
        return [record.offset for batch in gapless.poll(10).values() for record in batch]

    assert offsets() == [0, 1]
    assert offsets() == []
    seconds[0] = 2.5
    assert offsets() == [5, 6]
    assert client.sought == [2, 2]


@pytest.mark.spec("P7.1")
def test_several_producers_at_once_hide_nothing_from_a_reader(server_folder: Path) -> None:
    """The embedded broker does hide records while it is written to by several."""
    rounds, producers, batch = 150, 4, 9
    with local_broker(server_folder / "broker-of-many", ephemeral=True) as broker:
        bus = Bus(BusSettings(bootstrap=broker.bootstrap, profile=broker.profile))
        bus.ensure_topics(["orders"])
        client = bus.consumer("reader")
        client.assign(bus.places(["orders"]))
        gapless, found, done = Gapless(client), dict[TopicPartition, list[int]](), Event()

        def produce() -> None:
            publisher = bus.publisher()
            for number in range(rounds):
                publisher.publish([Outgoing("orders", f"{number}-{each}", {}, b"x") for each in range(batch)])
            publisher.close()

        threads = [Thread(target=produce) for _ in range(producers)]
        for each in threads:
            each.start()
        Thread(target=lambda: ([each.join() for each in threads], done.set())).start()
        try:
            while not done.is_set() or sum(map(len, found.values())) < rounds * producers * batch:
                fetched: dict[TopicPartition, list[Any]] = gapless.poll(50)
                for place, records in fetched.items():
                    found.setdefault(place, []).extend(record.offset for record in records)
        finally:
            client.close(autocommit=False)
    assert all(offsets == list(range(len(offsets))) for offsets in found.values())
    assert sum(map(len, found.values())) == rounds * producers * batch


@pytest.mark.spec("P7.3")
def test_what_others_read_meanwhile_is_no_gap() -> None:
    client = Forgetful(list(range(10)), [])
    gapless = Gapless(client)
    gapless.poll(10)
    gapless.stand_by()
    client.log, client.at = list(range(910)), 905
    assert [record.offset for record in gapless.poll(10)[PLACE]] == [905, 906, 907, 908, 909]
    assert client.sought == []
