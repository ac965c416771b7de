"""Domain events: dataclasses inside, CloudEvents 1.0 with proto3 JSON on the wire.

Guarantee: what a service records is exactly a message of its contract, else recording fails before the commit; what it
receives is decoded by the same contract, with unknown fields and unknown enum names ignored.
"""

from chassis.events.catalog import EncodedEvent, EventCatalog, EventType, UnknownEvent
from chassis.events.encode import DoesNotFit
from chassis.events.incoming import Cause, Incoming, Record
from chassis.events.wire import MalformedEvent, envelope, is_id, open_envelope

__all__ = [
    "Cause",
    "DoesNotFit",
    "EncodedEvent",
    "EventCatalog",
    "EventType",
    "Incoming",
    "MalformedEvent",
    "Record",
    "UnknownEvent",
    "envelope",
    "is_id",
    "open_envelope",
]
