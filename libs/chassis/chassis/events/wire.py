"""CloudEvents 1.0 in Kafka's binary mode: attributes in headers, data as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from cloudevents.core.base import BaseCloudEvent, EventFactory
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.base import Format
from cloudevents.core.v1.event import CloudEvent

from chassis.events.incoming import Record

JSON = "application/json"


class MalformedEvent(ValueError):
    """The record is no CloudEvent of ours: an attribute is missing or can't be read."""


class _Bytes(Format):
    """The data is JSON text already; the library must neither parse nor quote it."""

    def read(self, event_factory: EventFactory | None, data: str | bytes) -> BaseCloudEvent:
        raise NotImplementedError("binary mode only")

    def write(self, event: BaseCloudEvent) -> bytes:
        raise NotImplementedError("binary mode only")

    def write_data(self, data: Any, datacontenttype: str | None) -> bytes:
        return bytes(data)

    def read_data(self, body: bytes, datacontenttype: str | None) -> bytes:
        return body

    def get_content_type(self) -> str:
        return JSON


def envelope(
    *, event_id: str, type: str, source: str, time: datetime, key: str, causation_id: str, correlation_id: str
) -> dict[str, str]:
    """The headers of an outgoing event."""
    attributes = {
        "id": event_id,
        "type": type,
        "source": source,
        "time": time,
        "datacontenttype": JSON,
        "partitionkey": key,
        "correlationid": correlation_id,
    }
    if causation_id:
        attributes["causationid"] = causation_id
    headers = to_binary(CloudEvent(attributes, b""), _Bytes()).headers
    return {name: value.decode() for name, value in headers.items()}


def open_envelope(record: Record) -> BaseCloudEvent:
    """Attributes of a received event. Raises MalformedEvent."""
    encoded = {name: value.encode() for name, value in record.headers.items()}
    try:
        for required in ("ce_id", "ce_time", "ce_specversion"):  # the library would make them up
            if required not in encoded:
                raise MalformedEvent(f"{required} is missing")
        event = from_binary(KafkaMessage(encoded, record.key or None, record.data), _Bytes())
        UUID(event.get_id())
    except (CloudEventValidationError, ValueError) as problem:
        raise MalformedEvent(f"not a CloudEvent of ours: {problem}") from problem
    return event
