"""Turns records into effects: the part of a consumer that needs the database and no broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from chassis import outbox
from chassis.consumer import parking
from chassis.consumer.attempt import attempt, decide
from chassis.consumer.breaker import Breaker, ConsumerStopped
from chassis.consumer.dead_letters import dead_letter
from chassis.consumer.handlers import Handler, Handlers
from chassis.consumer.parking import Decision, ParkedEvent
from chassis.consumer.poll import Poll
from chassis.consumer.settings import ConsumerSettings
from chassis.consumer.trouble import is_database_away, own_database
from chassis.events import Record, UnknownEvent
from chassis.identity import of_service
from chassis.metrics import metrics
from chassis.telemetry import logger
from chassis.unit_of_work import Transaction, UnitOfWork

log = logger()


class Processor:
    """One transaction per poll, a savepoint per event; when the transaction itself fails, one per event. A poll of more
    events than `most` is several transactions."""

    def __init__(self, uow: UnitOfWork, handlers: Iterable[Handler], settings: ConsumerSettings | None = None) -> None:
        self._uow = uow
        self._settings = settings or ConsumerSettings()
        self._breaker = Breaker(self._settings)
        self._identity = of_service(uow.service)
        self.handlers = Handlers(handlers, uow.catalog)

    def process(self, records: Sequence[Record]) -> bool:
        """Effects, or parked events, for all records of known types; others are skipped.

        True when some of them wait for a retry. Raises DatabaseAway (do it again later) or ConsumerStopped; then
        nothing of the transaction is committed, and what was before it is turned away when it comes again.
        """
        known = [record for record in records if self.handlers.handles(record.type)]
        most = self._settings.most
        waits = [self._take(known[at : at + most]) for at in range(0, len(known), most)]
        return any(waits)

    def retry_due(self) -> bool:
        """Try one parked head whose pause is over, and on success what waits behind it. False: there was none."""
        with own_database():
            return self._retry()

    def _take(self, records: Sequence[Record]) -> bool:
        with own_database():
            try:
                return self._commit(records)
            except ConsumerStopped:
                raise
            except Exception as problem:
                if is_database_away(problem):
                    raise
                return self._one_by_one(records, problem)

    def _commit(self, records: Sequence[Record]) -> bool:
        with self._uow.begin(self._identity, source="consumer") as tx:
            poll = Poll(tx, self.handlers, self._settings, self._breaker)
            poll.run(records)
            tx.commit()
        _publish(poll.outcomes)
        return any(outcome == "retried" for _, outcome in poll.outcomes)

    def _one_by_one(self, records: Sequence[Record], problem: Exception) -> bool:
        """A collision, or a rule of the database that speaks at commit: find whose it is."""
        if len(records) == 1:
            return self._park_alone(records[0], problem)
        log.warning("consumer.poll_split", events=len(records), reason=type(problem).__name__)
        waits = [self.process([record]) for record in records]
        return any(waits)

    def _park_alone(self, record: Record, problem: Exception) -> bool:
        decision = decide(problem, 1, self._settings)
        with self._uow.begin(self._identity, source="consumer") as tx:
            parking.park(tx.conn, tx.service, [(record, decision)])
            _copy_if_dead(tx, record, decision)
            tx.commit()
        waits = decision.state == "retrying"
        _publish(Counter({(record.type, "retried" if waits else "parked"): 1}))
        return waits

    def _retry(self) -> bool:
        with self._uow.begin(self._identity, source="consumer") as tx:
            head = parking.next_due(tx.conn, tx.service)
            if head is None:
                tx.conn.commit()  # nothing; but after a rollback the session would have to prepare its statements anew
                return False
            try:
                self._follow(tx, head)
                tx.commit()
                return True
            except Exception as problem:
                if is_database_away(problem):
                    raise
                failure = problem
        self._fail_alone(head, failure)
        return True

    def _follow(self, tx: Transaction, head: ParkedEvent) -> None:
        """The head, then what waits behind it, until one fails."""
        event: ParkedEvent | None = head
        while event is not None:
            problem = self._try(tx, event)
            if problem is not None:
                self._fail(tx, event, problem)
                return
            parking.done(tx.conn, tx.service, event)
            event = parking.next_behind(tx.conn, tx.service, event)

    def _try(self, tx: Transaction, event: ParkedEvent) -> Exception | None:
        if not self.handlers.handles(event.record.type):
            return UnknownEvent(f"nothing handles {event.record.type} any more")
        return attempt(tx, self.handlers, [event.record], event.attempts + 1)

    def _fail(self, tx: Transaction, event: ParkedEvent, problem: Exception) -> None:
        decision = decide(problem, event.attempts + 1, self._settings)
        parking.fail(tx.conn, event, decision)
        _copy_if_dead(tx, event.record, decision)
        if decision.state == "dead":
            log.error("consumer.dead_letter", type=event.record.type, event_id=event.event_id, reason=decision.reason)

    def _fail_alone(self, head: ParkedEvent, problem: Exception) -> None:
        with self._uow.begin(self._identity, source="consumer") as tx:
            self._fail(tx, head, problem)
            tx.commit()


def _copy_if_dead(tx: Transaction, record: Record, decision: Decision) -> None:
    if decision.state == "dead":
        outbox.append(tx.conn, [dead_letter(tx.service, record, decision.reason)])


def _publish(outcomes: Counter[tuple[str, str]]) -> None:
    for (type, outcome), number in outcomes.items():
        metrics.consumed.labels(type, outcome).inc(number)
