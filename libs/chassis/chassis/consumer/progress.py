"""How far a consumer has come, for any thread that asks."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from threading import Lock

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from chassis.bus import BrokerAway, Bus


class Progress:
    """Known while the loop rests: all that it has read is handled and committed.

    The ends of the partitions are asked for on a connection of their own: on the loop's, the answer comes after a
    fetch that the broker may hold for long.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._lock = Lock()
        self._observer: KafkaConsumer | None = None
        self._reached: Mapping[TopicPartition, int] | None = None

    @property
    def known(self) -> bool:
        return self._reached is not None

    def is_of(self, places: Collection[TopicPartition]) -> bool:
        return self._reached is not None and self._reached.keys() == set(places)

    def note(self, kafka: KafkaConsumer) -> None:
        """Behind what the last fetch told of, nothing counts as reached."""
        at = {place: (position_of(kafka, place), kafka.highwater(place) or 0) for place in kafka.assignment()}
        self._reached = {place: position if position >= told else -1 for place, (position, told) in at.items()}

    def forget(self) -> None:
        self._reached = None

    def is_complete(self) -> bool:
        """Whether all that was on the broker when this was asked is handled; False also while that is not known.

        The embedded broker's end offset is right behind the first record of its last batch. That is enough: who has
        handled this record was told the batch's end with it.
        """
        reached = self._reached
        if reached is None or (ends := self._ends(reached)) is None:
            return False
        complete = reached is self._reached and all(reached[place] >= end for place, end in ends.items())
        if not complete:
            self.forget()  # to be looked at again
        return complete

    def close(self) -> None:
        with self._lock:
            self._hang_up()

    def _ends(self, places: Collection[TopicPartition]) -> dict[TopicPartition, int] | None:
        if not places:
            return {}
        with self._lock:
            try:
                self._observer = self._observer or self._bus.observer()
                return dict(self._observer.end_offsets(list(places), timeout_ms=1000))
            except (BrokerAway, KafkaError):
                self._hang_up()
                return None

    def _hang_up(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            with contextlib.suppress(KafkaError):
                observer.close(autocommit=False)


def position_of(kafka: KafkaConsumer, place: TopicPartition) -> int:
    """0 while it is not known yet."""
    with contextlib.suppress(KafkaError):
        return int(kafka.position(place, timeout_ms=200) or 0)
    return 0
