"""CloudEvents 1.0 in Kafka's binary mode: attributes in headers, data as it is."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from cloudevents.core.base import BaseCloudEvent, EventFactory
from cloudevents.core.bindings.kafka import to_binary
from cloudevents.core.formats.base import Format
from cloudevents.core.spec import SPECVERSION_V1_0
from cloudevents.core.v1.event import CloudEvent

from chassis.events.incoming import Record

JSON = "application/json"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REQUIRED = ("ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion")


class MalformedEvent(ValueError):
    """The record is no CloudEvent of ours: an attribute is missing or can't be read."""


class Envelope(NamedTuple):
    """What a handler gets to know of the attributes."""

    id: str
    type: str
    time: datetime
    causation_id: str
    correlation_id: str


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


def is_id(text: str) -> bool:
    """A UUID as it is usually written, which is how the inbox gives it back."""
    return _ID.fullmatch(text) is not None


def open_envelope(record: Record) -> Envelope:
    """Attributes of a received event. Raises MalformedEvent.

    Read by hand: the library takes ten times as long to check what an event of ours never has.
    """
    headers = record.headers
    for name in _REQUIRED:
        if not headers.get(name):
            raise MalformedEvent(f"{name} is missing")
    if headers["ce_specversion"] != SPECVERSION_V1_0:
        raise MalformedEvent(f"CloudEvents {headers['ce_specversion']} is not known here")
    try:
        time = datetime.fromisoformat(headers["ce_time"])
    except ValueError as problem:
        raise MalformedEvent(f"not a CloudEvent of ours: {problem}") from problem
    if not is_id(headers["ce_id"]):
        raise MalformedEvent("ce_id is no UUID")
    if time.tzinfo is None:
        raise MalformedEvent("ce_time is without a zone")
    correlation_id = headers.get("ce_correlationid", "")
    return Envelope(headers["ce_id"], headers["ce_type"], time, headers.get("ce_causationid", ""), correlation_id)
