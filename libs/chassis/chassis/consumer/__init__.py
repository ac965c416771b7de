"""Events in: a table of handlers, and the loop that runs them.

Guarantee: each event has its effect once (inbox), in order per key. An event that fails is tried again with growing
pauses and then parked as a dead letter; later events of its key wait behind it, other keys go on. When most keys fail,
the consumer stops, because that is a bad release and not bad data.
"""

from chassis.consumer.attempt import on_behalf_of
from chassis.consumer.breaker import Breaker, ConsumerStopped
from chassis.consumer.handlers import Handler, Handlers, on, on_batch
from chassis.consumer.loop import Consumer
from chassis.consumer.parking import ParkedEvent, parked_events, replay_parked, skip_parked
from chassis.consumer.processor import Processor
from chassis.consumer.settings import ConsumerSettings

__all__ = [
    "Breaker",
    "Consumer",
    "ConsumerSettings",
    "ConsumerStopped",
    "Handler",
    "Handlers",
    "ParkedEvent",
    "Processor",
    "on",
    "on_batch",
    "on_behalf_of",
    "parked_events",
    "replay_parked",
    "skip_parked",
]
