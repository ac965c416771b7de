"""Tells the broker how far this replica has come."""

from __future__ import annotations

from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CommitFailedError
from kafka.structs import OffsetAndMetadata

from chassis.bus import Batches
from chassis.telemetry import logger

log = logger()


class Offsets:
    """Guarantee: only what was handled is committed; what was not committed when the process died comes again.

    Committed now and then and not after each poll, since that is a round trip, and the inbox turns away what comes
    twice. One object per client: what the last one did not commit concerns a broker that may have been replaced.
    """

    def __init__(self, kafka: KafkaConsumer) -> None:
        self._kafka = kafka
        self._handled: dict[TopicPartition, Any] = {}

    def handled(self, batches: Batches) -> None:
        for place, messages in batches.items():
            self._handled[place] = OffsetAndMetadata(messages[-1].offset + 1, "", -1)

    def commit(self) -> None:
        """Before a lane is given back, and at the end. A lost commit costs a second delivery: no reason to fail."""
        offsets, self._handled = self._handled, {}
        if not offsets:
            return
        try:
            self._kafka.commit(offsets, timeout_ms=5000)
        except CommitFailedError:
            log.info("consumer.partitions_moved")
