"""The table of a service's consumers.py: event type → use case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chassis.events import EventCatalog, Incoming
from chassis.unit_of_work import Transaction

One = Callable[[Transaction, Incoming], object]
Many = Callable[[Transaction, Sequence[Incoming]], object]


@dataclass(frozen=True)
class Handler:
    """`run` takes one event or, with `batch`, several in order, of all types that name the same handler."""

    type: str
    run: Many
    batch: bool


def on(type: str, handler: One) -> Handler:
    """Call `handler(tx, event)` for each event of this type."""

    def run(tx: Transaction, events: Sequence[Incoming]) -> None:
        for event in events:
            handler(tx, event)

    return Handler(type, run, batch=False)


def on_batch(type: str, handler: Many) -> Handler:
    """Call `handler(tx, events)` with as many as arrived in a row: for set-based work.

    Types that name the same handler come in one list. Events recorded for one of them: see `on_behalf_of`.
    """
    return Handler(type, handler, batch=True)


class Handlers:
    """All handlers of a service. Several for one type succeed or fail together."""

    def __init__(self, handlers: Iterable[Handler], catalog: EventCatalog) -> None:
        self._by_type: dict[str, list[Handler]] = {}
        for handler in handlers:
            self._by_type.setdefault(handler.type, []).append(handler)
        self.topics = {catalog.of_type(type).topic for type in self._by_type}

    def handles(self, type: str) -> bool:
        return type in self._by_type

    def together(self, type: str) -> tuple[Many, ...]:
        """Neighbours for which this is the same go to their handlers in one list; when it is empty, one by one."""
        handlers = self._by_type[type]
        return tuple(handler.run for handler in handlers) if all(handler.batch for handler in handlers) else ()

    def run(self, tx: Transaction, events: Sequence[Incoming]) -> None:
        """`events` have the same handlers."""
        for handler in self._by_type[events[0].type]:
            handler.run(tx, events)
