"""Events in tests: what a use case recorded, and delivery through the real consumer code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, select

from chassis.consumer import ConsumerSettings, Handler, Processor, parked_events
from chassis.events import Cause, EventCatalog, Incoming, Record
from chassis.outbox import OutboxRow, outbox_row
from chassis.schema import outbox
from chassis.unit_of_work import UnitOfWork


class NotDelivered(AssertionError):
    """A handler failed; the text is the reason that a person would read beside the parked event."""


class Consuming(Protocol):
    """A service, or a `Listener` of its parts."""

    @property
    def uow(self) -> UnitOfWork: ...
    @property
    def consumers(self) -> Sequence[Handler]: ...


@dataclass(frozen=True)
class Listener:
    """The two parts of a service that take events, for tests without the whole service."""

    uow: UnitOfWork
    consumers: Sequence[Handler]


def recorded_events(connection: Connection, catalog: EventCatalog) -> list[Incoming]:
    """What waits in the outbox, oldest first, decoded by its contract. Only committed rows of others are seen."""
    rows = connection.execute(select(outbox).order_by(outbox.c.seq))
    return [catalog.decode(as_record(_row(row))) for row in rows]


def deliver(
    service: Consuming, *events: object, times: int = 1, cause: Cause | None = None, park: bool = False
) -> None:
    """Hand events (dataclasses or contract messages) to the service as one poll of the broker would.

    `times` repeats the delivery with the same ids. Raises NotDelivered when a handler fails, unless `park` expects it.
    """
    rows = [
        outbox_row(service.uow.catalog, each, service="test", at=service.uow.clock.now(), cause=cause or Cause("", ""))
        for each in events
    ]
    records = [as_record(row, offset) for offset, row in enumerate(rows)]
    deliver_records(service, records, times=times, park=park)


def deliver_records(service: Consuming, records: Sequence[Record], *, times: int = 1, park: bool = False) -> None:
    """As `deliver`, for records made by hand: broken ones, old ones."""
    processor = Processor(service.uow, service.consumers, ConsumerSettings(pauses=(3600.0,)))
    for _ in range(times):
        processor.process(records)
    if not park:
        _raise_if_parked(service, {record.event_id for record in records})


def as_record(row: OutboxRow, offset: int = 0) -> Record:
    """The row as the relay would publish it."""
    return Record(row.topic, 0, offset, row.aggregate_id, row.headers, row.data)


def _raise_if_parked(service: Consuming, ids: set[str]) -> None:
    with service.uow.database.connect() as connection:
        failed = [each for each in parked_events(connection, service.uow.service) if each.event_id in ids]
    if failed:
        raise NotDelivered("; ".join(f"{each.record.type}: {each.reason or each.state}" for each in failed))


def _row(row: Any) -> OutboxRow:
    return OutboxRow(**{name: getattr(row, name) for name in OutboxRow.__dataclass_fields__})
