"""The event bus: Apache Kafka or anything that speaks its protocol, by kafka-python.

Guarantee: start order does not matter. Clients are made only when a broker answers, and a client that broke is thrown
away and made anew by its owner's loop.
"""

from chassis.bus.bus import Bus, Consumed
from chassis.bus.errors import BrokerAway, NotPublished
from chassis.bus.gapless import Batches, Gapless
from chassis.bus.publisher import Outgoing, Publisher
from chassis.bus.settings import BusSettings

__all__ = [
    "Batches",
    "BrokerAway",
    "Bus",
    "BusSettings",
    "Consumed",
    "Gapless",
    "NotPublished",
    "Outgoing",
    "Publisher",
]
