"""The raw limits of `bench.bus`: the bare client, and the bare client with the same rows by bare psycopg."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from kafka import KafkaConsumer

from chassis.bus import Bus, Outgoing

Read = tuple[float, float]
INBOX = """
    INSERT INTO inbox (consumer, event_id) SELECT 'bare', unnest(%s::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id
"""
EFFECT = "INSERT INTO effect (crate_id, step, process) SELECT *, %s FROM unnest(%s::text[], %s::int[])"


def produced(bus: Bus, messages: Sequence[Outgoing], batch: int) -> Read:
    """The bare client: same settings, same bytes, the same batches."""
    bus.ensure_topics({each.topic for each in messages})
    producer = bus._producer()
    with timed(len(messages)) as taken:
        for start in range(0, len(messages), batch):
            futures = [
                producer.send(each.topic, key=each.key.encode(), value=each.data,
                              headers=[(name, value.encode()) for name, value in each.headers.items()])
                for each in messages[start : start + batch]
            ]  # fmt: skip
            producer.flush()
            for future in futures:
                future.get(timeout=10)
    producer.close()
    return taken()


def polled(bus: Bus, topic: str, events: int) -> Read:
    """The bare client, looking at nothing; timed from the first records on, as the consumer is."""
    return _read(bus, topic, events, lambda records: None)


def written(bus: Bus, topic: str, events: int, url: str) -> Read:
    """Of each event its inbox row and its effect, a poll of at most 500 in one transaction, two statements."""
    with psycopg.connect(url) as connection:

        def write(records: list[Any]) -> None:
            ids = [dict(each.headers)["ce_id"].decode() for each in records]
            told = [json.loads(each.value) for each in records]
            connection.execute(INBOX, [ids]).fetchall()
            connection.execute(EFFECT, [os.getpid(), [e["crateId"] for e in told], [e["step"] for e in told]])
            connection.commit()

        return _read(bus, topic, events, write)


def _read(bus: Bus, topic: str, events: int, take: Callable[[list[Any]], None]) -> Read:
    kafka = bus.consumer("bare")
    kafka.assign(bus.places([topic]))
    read = 0
    while not read:
        read = _next(kafka, take)
    left = events - read
    with timed(left) as taken:
        while read < events:
            read += _next(kafka, take)
    kafka.close(autocommit=False)
    return taken()


def _next(kafka: KafkaConsumer, take: Callable[[list[Any]], None]) -> int:
    records = [each for found in kafka.poll(timeout_ms=250).values() for each in found]
    if records:
        take(records)
    return len(records)


@contextmanager
def timed(events: int) -> Iterator[Callable[[], Read]]:
    """Events a second, and CPU microseconds of this process for each."""
    began, worked = time.perf_counter(), time.process_time()
    taken: list[Read] = []
    yield lambda: taken[0]
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    taken.append((events / seconds, worked * 1e6 / events))
