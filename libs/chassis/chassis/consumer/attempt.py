"""One try at handling events inside a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.trace import SpanKind

from chassis.consumer.handlers import Handlers
from chassis.consumer.parking import Decision
from chassis.consumer.settings import ConsumerSettings
from chassis.consumer.trouble import is_collision, is_database_away, is_hopeless, is_patience, reason
from chassis.events import Incoming, Record
from chassis.telemetry import span
from chassis.unit_of_work import Transaction


def attempt(tx: Transaction, handlers: Handlers, records: Sequence[Record], attempts: int = 1) -> Exception | None:
    """Handle records of the same handlers in a savepoint. Returns the failure, if it is the event's or the handler's.

    What is nobody's fault (database away, collision of transactions) is raised: the caller does the poll again.
    """
    try:
        with tx.savepoint():
            _handle(tx, handlers, [tx.catalog.decode(record, attempts) for record in records])
    except Exception as problem:
        if is_database_away(problem) or is_collision(problem):
            raise
        return problem
    return None


def decide(problem: Exception, attempts: int, settings: ConsumerSettings) -> Decision:
    """Retry or give up, after so many attempts."""
    pause = None if is_hopeless(problem) else settings.pause_after(attempts, endless=is_patience(problem))
    if pause is None:
        return Decision("dead", attempts, reason(problem))
    return Decision("retrying", attempts, reason(problem), pause)


@contextmanager
def on_behalf_of(tx: Transaction, event: Incoming) -> Iterator[None]:
    """Events and audit rows inside name this event as their cause and go on with its trace.

    Around every handler of one event. A handler of several does it for each of them that it records something for.
    """
    parent = {"traceparent": event.headers["traceparent"]} if "traceparent" in event.headers else None
    with span(f"consume {event.type}", SpanKind.CONSUMER, parent), tx.caused_by(event.cause, f"event:{event.type}"):
        yield


def _handle(tx: Transaction, handlers: Handlers, events: Sequence[Incoming]) -> None:
    with on_behalf_of(tx, events[-1]):
        handlers.run(tx, events)
