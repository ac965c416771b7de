"""The events a service knows, read from the generated contracts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.events.encode import DoesNotFit, fill
from chassis.events.fit import misfits
from chassis.events.incoming import Incoming, Record
from chassis.events.wire import MalformedEvent, open_envelope

MessageClass = type[Message]
LONGEST = 900_000  # bytes; brokers refuse a megabyte, and a refused event would block its key for good


class UnknownEvent(LookupError):
    """No contract of this catalog describes the event."""


@dataclass(frozen=True)
class EventType:
    """One event of a contract. `key` names the field whose value keys the record."""

    type: str
    topic: str
    key: str
    external: bool
    message: MessageClass


@dataclass(frozen=True)
class EncodedEvent:
    contract: EventType
    key: str
    data: bytes


class EventCatalog:
    """Messages that carry the option `closeloop.common.v1.event`.

    The first module is the service's own: when a neighbour names an event alike, a dataclass means the own one.
    """

    def __init__(self, contracts: Iterable[EventType]) -> None:
        self._by_type: dict[str, EventType] = {}
        self._by_name: dict[str, EventType] = {}
        for contract in contracts:
            if contract.type in self._by_type:
                raise ValueError(f"two events are called {contract.type}")
            self._by_type[contract.type] = contract
            self._by_name.setdefault(contract.message.DESCRIPTOR.name, contract)

    @classmethod
    def of(cls, *modules: ModuleType) -> EventCatalog:
        """From the service's events_pb2, then those of the neighbours it listens to."""
        messages = [each for module in modules for each in module.DESCRIPTOR.message_types_by_name.values()]
        return cls(contract for contract in map(_contract, messages) if contract is not None)

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._by_type.values())

    def get(self, type: str) -> EventType | None:
        return self._by_type.get(type)

    def of_type(self, type: str) -> EventType:
        """Raises UnknownEvent."""
        found = self._by_type.get(type)
        if found is None:
            raise UnknownEvent(f"no contract describes the event {type}")
        return found

    def topics_of(self, service: str) -> set[str]:
        """Topics that this service publishes."""
        own = f"closeloop.{service}."
        return {contract.topic for contract in self._by_type.values() if contract.topic.startswith(own)}

    def contract_of(self, event: object) -> EventType:
        """The contract of a dataclass or message, by its name. Raises UnknownEvent."""
        if isinstance(event, Message):
            for contract in self._by_type.values():
                if contract.message.DESCRIPTOR.full_name == event.DESCRIPTOR.full_name:
                    return contract
        name = event.__name__ if isinstance(event, type) else type(event).__name__
        if name not in self._by_name or isinstance(event, Message):
            raise UnknownEvent(f"no message called {name} carries the event option; add it, then `make proto`")
        return self._by_name[name]

    def encode(self, event: object) -> EncodedEvent:
        """Dataclass or message → proto3 JSON. Raises UnknownEvent or DoesNotFit."""
        contract = self.contract_of(event)
        message = event if isinstance(event, Message) else contract.message()
        if not isinstance(event, Message):
            fill(message, event)
        key = str(getattr(message, contract.key))
        if not key:
            raise DoesNotFit(f"{contract.type} needs its key {contract.key}")
        data = _json(message)
        if len(data) > LONGEST:
            raise DoesNotFit(f"{contract.type} of {len(data)} bytes is too long for an event")
        return EncodedEvent(contract, key, data)

    def decode(self, record: Record, attempt: int = 1) -> Incoming:
        """Raises MalformedEvent or UnknownEvent."""
        event = open_envelope(record)
        return Incoming(
            id=event.id,
            type=event.type,
            time=event.time,
            key=record.key,
            message=self.parse(event.type, record.data),
            causation_id=event.causation_id,
            correlation_id=event.correlation_id,
            attempt=attempt,
            headers=record.headers,
        )

    def parse(self, type: str, data: bytes) -> Message:
        message: Message = self.of_type(type).message()
        try:
            json_format.Parse(data, message, ignore_unknown_fields=True)
        except (json_format.ParseError, UnicodeDecodeError) as problem:
            raise MalformedEvent(f"data of {type} can't be read: {problem}") from problem
        return message

    def check(self, dataclasses: Iterable[type]) -> None:
        """Raises DoesNotFit naming each field of each dataclass that differs from its message."""
        problems: list[str] = []
        for each in dataclasses:
            message: Any = self.contract_of(each).message.DESCRIPTOR
            problems += misfits(each, message)
        if problems:
            raise DoesNotFit("\n".join(problems))


def _contract(message: Descriptor) -> EventType | None:
    from closeloop.common.v1 import event_pb2

    options = message.GetOptions()
    if not options.HasExtension(event_pb2.event):
        return None
    option = options.Extensions[event_pb2.event]
    if option.key not in message.fields_by_name or not option.type or not option.topic:
        raise ValueError(f"the event option of {message.full_name} needs type, topic and the key of a field")
    return EventType(option.type, option.topic, option.key, option.external, GetMessageClass(message))


def _json(message: Message) -> bytes:
    content = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
