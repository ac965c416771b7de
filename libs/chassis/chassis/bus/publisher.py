"""Publishes batches and knows for each whether the broker has it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from chassis.bus.errors import NotPublished

DELIVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Outgoing:
    topic: str
    key: str
    headers: dict[str, str]
    data: bytes


class Publisher:
    """Not for several threads. After a failure the producer is closed; the next batch makes a new one.

    A producer that lost its broker may be broken for good (its producer id is unknown there), so it is never reused.
    """

    def __init__(self, make: Callable[[], KafkaProducer]) -> None:
        self._make = make
        self._producer: KafkaProducer | None = None

    def publish(self, batch: Sequence[Outgoing]) -> None:
        """Returns when the broker acknowledged all. Raises NotPublished or BrokerAway."""
        producer = self._producer = self._producer or self._make()
        try:
            futures = [_send(producer, each) for each in batch]
            producer.flush(DELIVERY_SECONDS)
            for future in futures:
                future.get(timeout=0.1)
        except (KafkaError, ValueError, AssertionError) as problem:
            self.close()
            raise NotPublished(f"{type(problem).__name__}: {problem}") from problem

    def close(self) -> None:
        """Without waiting: what is not acknowledged is still in the outbox."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError):
                producer.close(timeout=0)


def _send(producer: KafkaProducer, message: Outgoing) -> Any:
    headers = [(name, value.encode()) for name, value in message.headers.items()]
    return producer.send(message.topic, key=message.key.encode(), value=message.data, headers=headers)
