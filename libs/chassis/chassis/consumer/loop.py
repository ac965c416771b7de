"""The consumer's loop: poll, effect, offsets, retries."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from contextlib import closing
from threading import Event
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError
from sqlalchemy import text

from chassis import faults
from chassis.bus import Batches, BrokerAway, Bus, Gapless
from chassis.consumer.handlers import Handler
from chassis.consumer.lanes import Lanes
from chassis.consumer.offsets import Offsets
from chassis.consumer.pace import Pace
from chassis.consumer.positions import Positions
from chassis.consumer.processor import Processor
from chassis.consumer.progress import Progress, position_of
from chassis.consumer.reading import Reading
from chassis.consumer.settings import ConsumerSettings
from chassis.consumer.trouble import DatabaseAway, own_database
from chassis.events import Record
from chassis.metrics import metrics
from chassis.telemetry import logger
from chassis.unit_of_work import UnitOfWork

# Seconds of short polls after a question.
ATTENTIVE = 10.0
log = logger()


class Consumer:
    """Replicas share the partitions by lanes; offsets are kept at the broker under the service's name.

    Offsets are committed some time after the effects: a crash in between delivers again, and the inbox takes care of
    it.
    Broker or database away: one log line, then trying on.
    """

    def __init__(
        self, bus: Bus, uow: UnitOfWork, handlers: Iterable[Handler], settings: ConsumerSettings | None = None
    ) -> None:
        self._bus = bus
        self._uow = uow
        self._settings = settings or ConsumerSettings()
        self._processor = Processor(uow, handlers, self._settings)
        self._positions = Positions()
        self._trouble = ""
        self._broker_away = False
        self._next_retries = self._next_figures = self._gather_until = self._attentive_until = 0.0
        self._progress = Progress(bus)

    def run(self, stop: Event) -> None:
        """Until `stop` is set. Raises ConsumerStopped when most keys fail: readiness must say so."""
        if not self._processor.handlers.topics:
            stop.wait()
        with closing(self._progress):
            while not stop.is_set():
                try:
                    self._consume(stop)
                except (BrokerAway, KafkaError, DatabaseAway) as problem:
                    self._say(problem)
                    stop.wait(self._settings.reconnect)

    def caught_up(self) -> bool:
        """Whether all that is on the broker by now is handled and nothing waits for a retry. Any thread may ask.

        What is handled by then is not read again, whatever becomes of this process. Who asks waits for no poll, and
        asks again when the answer is no.
        """
        if not self._processor.handlers.topics:
            return True
        self._attentive_until = time.monotonic() + ATTENTIVE
        return self._progress.is_complete() and not self._retries_wait()

    def _consume(self, stop: Event) -> None:
        """Until `stop`, or until something breaks: then the lanes are free for others."""
        topics = self._processor.handlers.topics
        self._bus.ensure_topics(topics)  # who can't reach the broker holds no lane
        with closing(Lanes(self._uow.database.url)) as lanes:
            lanes.settle(0)
            kafka = self._bus.consumer(self._uow.service)
            offsets, gapless = Offsets(kafka), Gapless(kafka)
            pace = Pace(kafka, self._bus.settings, self._settings.silence)
            reading = Reading(kafka, lanes, topics, self._settings, offsets.commit)
            try:
                batches: Batches = {}
                while not stop.is_set():
                    reading.settle()
                    self._positions.check(kafka)
                    pace.keep(lively=bool(batches) or self._is_attentive())
                    batches = self._poll(kafka, gapless, stop)
                    self._step(kafka, batches, offsets)
                offsets.commit()
            finally:
                self._progress.forget()
                with contextlib.suppress(KafkaError):
                    kafka.close(autocommit=False)

    def _is_attentive(self) -> bool:
        return time.monotonic() < self._attentive_until

    def _poll(self, kafka: KafkaConsumer, gapless: Gapless, stop: Event) -> Batches:
        """What comes alone is taken at once; after that, what comes within `gather` makes one transaction."""
        if not kafka.assignment():
            gapless.stand_by()  # more replicas than lanes
            stop.wait(0.25)
            return {}
        batches = gapless.poll(timeout_ms=50 if self._is_attentive() else 250)
        left = self._gather_until - time.monotonic()
        while batches and left > 0 and _number(batches) < self._bus.settings.max_poll_records:
            for place, messages in gapless.poll(timeout_ms=max(1, round(left * 1000))).items():
                batches[place] = [*batches.get(place, ()), *messages]
            left = self._gather_until - time.monotonic()
        return batches

    def _step(self, kafka: KafkaConsumer, batches: Batches, offsets: Offsets) -> None:
        self._retry(waits=bool(batches) and self._handle(batches, offsets))
        self._publish_figures(kafka)
        if batches or not self._progress.is_of(kafka.assignment()):
            self._progress.forget()
        if not batches and self._is_attentive() and not self._progress.known:
            offsets.commit()
            self._progress.note(kafka)

    def _handle(self, batches: Batches, offsets: Offsets) -> bool:
        """True when something waits for a retry. Events that nobody here handles cost a look at their type."""
        handles = self._processor.handlers.handles
        messages = [message for group in batches.values() for message in group]
        records = [_record(message) for message in messages if handles(_type(message))]
        waits = False
        if records:
            self._gather_until = time.monotonic() + self._settings.gather
            waits = self._processor.process(records)
            self._say(None)
            faults.reach("after-effect-before-offset")
        offsets.handled(batches)
        return waits

    def _retry(self, *, waits: bool) -> None:
        """All heads that are due. Asked for each second, and soon after a poll that parked something."""
        now = time.monotonic()
        if not waits and now < self._next_retries:
            return
        while self._processor.retry_due():
            pass
        self._say(None)
        soon = min(self._settings.pauses[0], self._settings.look_for_retries)
        self._next_retries = now + (soon if waits else self._settings.look_for_retries)

    def _retries_wait(self) -> bool:
        waiting = text("SELECT EXISTS (SELECT FROM parked_event WHERE consumer = :consumer AND state = 'retrying')")
        with own_database(), self._uow.database.read() as connection:
            return bool(connection.scalar(waiting, {"consumer": self._uow.service}))

    def _publish_figures(self, kafka: KafkaConsumer) -> None:
        now = time.monotonic()
        if now < self._next_figures:
            return
        self._next_figures = now + self._settings.figures
        self._look_at_broker()
        for place in kafka.assignment():
            behind = max(0, (kafka.highwater(place) or 0) - position_of(kafka, place))
            metrics.consumer_lag.labels(place.topic, str(place.partition)).set(behind)
        given_up = text("SELECT count(*) FROM parked_event WHERE consumer = :consumer AND state IN ('dead', 'waiting')")
        with own_database(), self._uow.database.read() as connection:
            metrics.parked.set(int(connection.scalar(given_up, {"consumer": self._uow.service}) or 0))

    def _look_at_broker(self) -> None:
        """An open client is silent about a broker that went away.

        Away at two looks: raises BrokerAway, so that the lanes go to a replica that may still reach it.
        """
        try:
            self._bus.require_broker()
        except BrokerAway:
            if self._broker_away:
                raise
            self._broker_away = True
        else:
            self._broker_away = False

    def _say(self, problem: Exception | None) -> None:
        """Once per change of state, not once per attempt."""
        trouble = type(problem).__name__ if problem else ""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if problem:
            log.warning("consumer.waiting", reason=str(problem))
        else:
            log.info("consumer.running")


def _number(batches: Batches) -> int:
    return sum(len(messages) for messages in batches.values())


def _type(message: Any) -> str:
    """Of an event, without decoding it."""
    found = next((value for name, value in message.headers if name == "ce_type"), None)
    return (found or b"").decode(errors="replace")


def _record(message: Any) -> Record:
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=(message.key or b"").decode(errors="replace"),
        headers={name: (value or b"").decode(errors="replace") for name, value in message.headers},
        data=message.value or b"",
    )
