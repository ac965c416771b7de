"""Makes clients for one broker cluster and looks after topics."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, TopicAlreadyExistsError

from chassis.bus.errors import BrokerAway
from chassis.bus.publisher import DELIVERY_SECONDS, Publisher
from chassis.bus.settings import BusSettings
from chassis.events import Record


@dataclass(frozen=True)
class Consumed:
    """A record with its place, as the offset commit needs it."""

    place: TopicPartition
    offset: int
    record: Record


class Bus:
    """One broker cluster. Every method raises BrokerAway when it does not answer."""

    def __init__(self, settings: BusSettings) -> None:
        self.settings = settings

    def require_broker(self) -> None:
        """A look at the port first: a client that fails in its constructor leaves a thread behind."""
        for address in self.settings.addresses:
            with contextlib.suppress(OSError), socket.create_connection(address, timeout=2):
                return
        raise BrokerAway(f"no broker answers at {self.settings.bootstrap or 'CLOSELOOP_KAFKA_BOOTSTRAP (not set)'}")

    def publisher(self) -> Publisher:
        return Publisher(self._producer)

    def consumer(self, group: str) -> KafkaConsumer:
        """Reads what it is assigned, from the offsets kept under `group`; the caller commits them, after the effect."""
        self.require_broker()
        with _answered():
            return KafkaConsumer(
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_poll_records=self.settings.max_poll_records,
                **self._fetching(),
            )

    def tail(self, topics: Collection[str]) -> KafkaConsumer:
        """Reads every partition by itself, without a group: for what each replica has to see."""
        self.require_broker()
        with _answered():
            reader = KafkaConsumer(enable_auto_commit=False, auto_offset_reset="latest", **self._fetching())
            reader.assign(self.places(topics))
            return reader

    def observer(self) -> KafkaConsumer:
        """Is asked about partitions and reads none."""
        self.require_broker()
        with _answered():
            return KafkaConsumer(enable_auto_commit=False, **self._fetching())

    def ensure_topics(self, topics: Collection[str]) -> set[str]:
        """Make what is missing; returns what was made. Two services may do it at once."""
        made: set[str] = set()
        with self.admin() as admin:
            missing = set(topics) - set(admin.list_topics())
            for topic in sorted(missing):
                options = {"num_partitions": self.settings.partitions, "replication_factor": self.settings.replication}
                with contextlib.suppress(TopicAlreadyExistsError):
                    admin.create_topics({topic: options}, wait_for_metadata=True)
                    made.add(topic)
        return made

    def end_offsets(self, topics: Collection[str]) -> dict[TopicPartition, int]:
        """Next offset of each partition. The embedded broker may answer too little, never 0 for some."""
        if not topics:
            return {}
        with self.admin() as admin:
            asked = dict.fromkeys(_describe(admin, topics), OffsetSpec.LATEST)
            found = admin.list_partition_offsets(asked)
            return {place: int(answer.offset) for place, answer in found.items()}

    def is_empty(self, topics: Collection[str]) -> bool:
        return not any(self.end_offsets(topics).values())

    def cluster_id(self) -> str:
        """Another one means another broker, or the embedded one after a restart: without what was published before."""
        with self.admin() as admin:
            return str(admin.describe_cluster()["cluster_id"])

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        self.require_broker()
        with _answered():
            admin = KafkaAdminClient(**self.settings.connection())
            try:
                yield admin
            finally:
                admin.close()

    def places(self, topics: Collection[str]) -> list[TopicPartition]:
        """All partitions."""
        with self.admin() as admin:
            return _describe(admin, topics)

    def _producer(self) -> KafkaProducer:
        self.require_broker()
        with _answered():
            return KafkaProducer(
                acks="all",
                enable_idempotence=self.settings.idempotence,
                # Without idempotence a retry could overtake the batch before it.
                max_in_flight_requests_per_connection=5 if self.settings.idempotence else 1,
                linger_ms=2,
                batch_size=65_536,
                max_block_ms=3000,
                delivery_timeout_ms=round(DELIVERY_SECONDS * 1000),
                allow_auto_create_topics=False,
                metrics_enabled=False,
                **(self.settings.connection() | {"request_timeout_ms": 3000}),
            )

    def _fetching(self) -> dict[str, Any]:
        return self.settings.connection() | {
            "fetch_max_wait_ms": self.settings.fetch_max_wait_ms,
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
        }


@contextmanager
def _answered() -> Iterator[None]:
    """A broker that goes away between the look at its port and the end of the call."""
    try:
        yield
    except KafkaError as problem:
        raise BrokerAway(f"{type(problem).__name__}: {problem}") from problem


def _describe(admin: KafkaAdminClient, topics: Collection[str]) -> list[TopicPartition]:
    found = admin.describe_topics(sorted(topics))
    return [
        TopicPartition(str(topic["name"]), int(part["partition_index"]))
        for topic in found
        for part in topic["partitions"]
    ]
