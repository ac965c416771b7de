"""Keeps a client's partitions in step with the lanes that this replica holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from kafka import KafkaConsumer, TopicPartition

from chassis.consumer.lanes import Lanes
from chassis.consumer.settings import ConsumerSettings
from chassis.metrics import metrics
from chassis.telemetry import logger

log = logger()


class Reading:
    """Called between two polls, when everything that was read has been handled: only then may a lane be given back."""

    def __init__(
        self,
        kafka: KafkaConsumer,
        lanes: Lanes,
        topics: Collection[str],
        settings: ConsumerSettings,
        commit: Callable[[], None],
    ) -> None:
        """`commit`: the offsets of what was handled, told before a lane may go to somebody else."""
        self._kafka = kafka
        self._commit = commit
        self._lanes = lanes
        self._topics = topics
        self._settings = settings
        self._places: set[TopicPartition] = set()
        self._next_settle = self._next_look = 0.0

    def settle(self) -> None:
        """Every so often. Raises DatabaseAway."""
        now = time.monotonic()
        if now < self._next_settle:
            return
        self._next_settle = now + self._settings.settle_lanes
        self._commit()
        self._look_for_partitions(now)
        held = self._lanes.settle(max((place.partition + 1 for place in self._places), default=0))
        self._read({place for place in self._places if place.partition in held})

    def _look_for_partitions(self, now: float) -> None:
        """Topics may be given more of them. The client knows those of the topics that it reads."""
        if now < self._next_look:
            return
        self._next_look = now + self._settings.look_for_partitions
        self._places = {
            TopicPartition(topic, number)
            for topic in self._topics
            for number in self._kafka.partitions_for_topic(topic)
        }

    def _read(self, places: set[TopicPartition]) -> None:
        if places != self._kafka.assignment():
            log.info("consumer.lanes", lanes=sorted({place.partition for place in places}))
            metrics.consumer_lag.clear()  # of lanes that others read now
            self._kafka.assign(sorted(places))
