"""A handler with a bug, and what becomes of the events that it fails at."""

from __future__ import annotations

from collections.abc import Callable

from chassis.consumer import ConsumerSettings, Handler, Processor, on, parked_events
from chassis.database import Database
from chassis.events import Incoming, Record
from chassis.unit_of_work import Transaction
from libs.chassis.tests.data.workshop import step_order

HASTY = ConsumerSettings(pauses=(0.0, 0.0))
PATIENT = ConsumerSettings(pauses=(3600.0,))
NO_TWO = "step 2 is broken"
Stepped = Callable[..., list[Record]]


class Faulty:
    """A handler with a bug that can be repaired, as a new release would."""

    def __init__(self, *broken: int, error: Exception | None = None) -> None:
        self.broken = set(broken)
        self.error = error or ValueError(NO_TWO)
        self.attempts: list[int] = []

    def __call__(self, tx: Transaction, event: Incoming) -> None:
        step_order(tx, event)
        if event.message.step in self.broken:
            self.attempts.append(event.attempt)
            raise self.error

    @property
    def table(self) -> list[Handler]:
        return [on("workshop.order_stepped", self)]


def states(database: Database) -> list[tuple[str, str]]:
    with database.connect() as connection:
        found = parked_events(connection, "workshop")
    return [(each.record.key + each.record.data.decode().rpartition(":")[2].rstrip("}"), each.state) for each in found]


def drain_retries(processor: Processor) -> None:
    while processor.retry_due():
        pass
