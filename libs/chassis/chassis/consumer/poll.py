"""What one transaction does with the records of one poll."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from chassis import inbox, outbox
from chassis.consumer import parking
from chassis.consumer.attempt import attempt, decide
from chassis.consumer.breaker import Breaker
from chassis.consumer.dead_letters import dead_letter
from chassis.consumer.handlers import Handlers
from chassis.consumer.parking import Decision, Key
from chassis.consumer.settings import ConsumerSettings
from chassis.consumer.trouble import is_patience
from chassis.events import MalformedEvent, Record, is_id
from chassis.unit_of_work import Transaction


class Poll:
    """Claims the new ones in the inbox, handles them in order, parks what fails and what follows it."""

    def __init__(self, tx: Transaction, handlers: Handlers, settings: ConsumerSettings, breaker: Breaker) -> None:
        self._tx = tx
        self._handlers = handlers
        self._settings = settings
        self._breaker = breaker
        self._blocked: set[Key] = set()
        self._parked: list[tuple[Record, Decision]] = []
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def run(self, records: Sequence[Record]) -> None:
        """Raises ConsumerStopped; then nothing of the poll may be committed."""
        conn, service = self._tx.conn, self._tx.service
        readable = [record.event_id for record in records if is_id(record.event_id)]
        fresh = inbox.claim(conn, service, readable)
        self._blocked = parking.blocked_keys(conn, service, {key_of(record) for record in records})
        for group in self._groups(self._new_ones(records, fresh)):
            self._handle(group)
        self._write_down()

    def _new_ones(self, records: Sequence[Record], fresh: set[str]) -> Iterator[Record]:
        for record in records:
            if record.event_id in fresh:
                fresh.discard(record.event_id)  # the same event may come twice in one poll
                yield record
            elif is_id(record.event_id):
                self._count(record, "twice")
            else:
                yield record

    def _groups(self, records: Iterator[Record]) -> Iterator[list[Record]]:
        """Neighbours of one handler together, where it takes several."""
        for together, group in groupby(records, key=lambda record: self._handlers.together(record.type)):
            if together:
                yield list(group)
            else:
                yield from ([record] for record in group)

    def _handle(self, group: list[Record]) -> None:
        free = [record for record in group if not self._wait_behind(record)]
        if not free:
            return
        problem = self._try(free)
        if problem is None:
            self._succeeded(free)
        elif len(free) == 1:
            self._failed(free[0], problem)
        else:
            for record in free:  # find the bad one
                self._handle([record])

    def _try(self, records: list[Record]) -> Exception | None:
        if any(not is_id(record.event_id) for record in records):
            return MalformedEvent("ce_id is missing or no UUID")
        return attempt(self._tx, self._handlers, records)

    def _wait_behind(self, record: Record) -> bool:
        if key_of(record) not in self._blocked:
            return False
        self._park(record, Decision("waiting"), "parked")
        return True

    def _succeeded(self, records: list[Record]) -> None:
        for record in records:
            self._count(record, "done")
            self._breaker.note(key_of(record), failed=False)

    def _failed(self, record: Record, problem: Exception) -> None:
        decision = decide(problem, 1, self._settings)
        self._blocked.add(key_of(record))
        self._park(record, decision, "retried" if decision.state == "retrying" else "parked")
        if not is_patience(problem):
            self._breaker.note(key_of(record), failed=True)

    def _park(self, record: Record, decision: Decision, outcome: str) -> None:
        self._parked.append((record, decision))
        self._count(record, outcome)

    def _write_down(self) -> None:
        conn, service = self._tx.conn, self._tx.service
        parking.park(conn, service, self._parked)
        inbox.release(conn, service, [r.event_id for r, _ in self._parked if is_id(r.event_id)])
        dead = [dead_letter(service, record, d.reason) for record, d in self._parked if d.state == "dead"]
        outbox.append(conn, dead)

    def _count(self, record: Record, outcome: str) -> None:
        self.outcomes[(record.type, outcome)] += 1


def key_of(record: Record) -> Key:
    return record.topic, record.key
