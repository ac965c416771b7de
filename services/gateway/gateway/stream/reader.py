"""Reads the topics of notifications and imports in a thread, all partitions, without a group: each replica sees all.

Guarantee: start order does not matter, and a broker that was away leaves no hole: whenever reading starts anew, the hub
hears of a gap and every stream asks the inbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Event, Thread
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaError
from opentelemetry.trace import SpanKind

from chassis import telemetry
from chassis.bus import BrokerAway, Bus, Gapless
from chassis.events import EventCatalog, MalformedEvent, UnknownEvent
from closeloop.integration.v1 import events_pb2
from closeloop.leads.v1 import events_pb2 as leads_events_pb2
from gateway.metrics import STREAM_DELAY
from gateway.stream.hub import News, Notice, Progress

TYPE = "integration.notification_created"
PROGRESS = "leads.import_progressed"
PAUSE = 1.0
POLL_MS = 500
LOOK = 1.0
log = telemetry.logger()


class Reader:
    """`deliver` and `gap` are called from the reader's thread."""

    def __init__(self, bus: Bus, deliver: Callable[[list[News]], None], gap: Callable[[], None]) -> None:
        self._bus = bus
        self._deliver = deliver
        self._gap = gap
        self._catalog = EventCatalog.of(events_pb2, leads_events_pb2)
        self._types = {self._catalog.of_type(each).topic: each for each in (TYPE, PROGRESS)}
        self._stop = Event()
        self._thread = Thread(target=self._run, name="notifications", daemon=True)
        self.reading = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read_until_it_breaks()
            except (BrokerAway, KafkaError, OSError) as failure:
                log.warning("stream.broker_away", failure=type(failure).__name__)
            except Exception:
                # Whatever it was, people must not lose their stream for good.
                log.exception("stream.reader_failed")
            self.reading = False
            self._stop.wait(PAUSE)

    def _read_until_it_breaks(self) -> None:
        self._bus.ensure_topics(list(self._types))
        with self._bus.admin() as admin:
            log_id = self._log_id(admin)
            reader = self._bus.tail(list(self._types))
            try:
                _find_places(reader)
                self.reading = True
                self._gap()
                self._read(Gapless(reader), lambda: self._log_id(admin) == log_id)
            finally:
                reader.close()

    def _read(self, reader: Gapless, is_the_same_log: Callable[[], bool]) -> None:
        """The client hides outages, and would wait in a new log for the place it had in the old one."""
        look_at = time.monotonic() + LOOK
        while not self._stop.is_set():
            self._poll(reader)
            if time.monotonic() >= look_at:
                if not is_the_same_log():
                    raise BrokerAway("the topic was made anew")
                look_at = time.monotonic() + LOOK

    def _log_id(self, admin: KafkaAdminClient) -> str:
        return ",".join(str(each.get("topic_id", "")) for each in admin.describe_topics(list(self._types)))

    def _poll(self, reader: Gapless) -> None:
        batches = reader.poll(timeout_ms=POLL_MS)
        notices = [notice for batch in batches.values() for notice in self._decoded(batch)]
        if notices:
            self._deliver(notices)

    def _decoded(self, records: Iterable[Any]) -> Iterable[News]:
        for record in records:
            # The last step of the trace that began with somebody's request.
            with telemetry.span("stream", SpanKind.CONSUMER, parent=_headers(record)):
                found = self._news(record)
            if found is not None:
                yield found

    def _news(self, record: Any) -> News | None:
        try:
            found = self._catalog.parse(self._types[record.topic], bytes(record.value or b""))
        except (MalformedEvent, UnknownEvent):
            log.warning("stream.malformed", partition=record.partition, offset=record.offset)
            return None
        if not isinstance(found, Notice | Progress):
            return None
        STREAM_DELAY.observe(max(0.0, time.time() - record.timestamp / 1000))
        return found


def _headers(record: Any) -> dict[str, str]:
    return {name: value.decode(errors="replace") for name, value in record.headers}


def _find_places(reader: KafkaConsumer) -> None:
    """Positions are looked up at first use; until they are known, what arrives would be missed."""
    for place in reader.assignment():
        reader.position(place, timeout_ms=5000)
