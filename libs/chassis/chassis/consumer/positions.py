"""What a consumer's positions are worth after its broker was replaced by another one."""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition

from chassis.bus import BrokerAway
from chassis.telemetry import logger

log = logger()


class Positions:
    """Guarantee: after the broker came back as another one, each partition is read from its beginning, once.

    The new log holds the same events at other places, since several relays fill it. A consumer that went on at its old
    position would never see what lies before it; reading all again costs a look into the inbox.
    """

    def __init__(self) -> None:
        self._cluster = ""
        self._read_again: set[TopicPartition] | None = None

    def check(self, kafka: KafkaConsumer) -> None:
        """Before each poll. The cluster's id comes with the metadata that the client refreshes anyway.

        Raises BrokerAway once per replacement: a new client looks for the partitions that the topics have now.
        """
        cluster = str(kafka._cluster.cluster_id or "")
        if cluster and cluster != self._cluster:
            was, self._cluster = self._cluster, cluster
            if was:
                log.warning("consumer.broker_replaced", cluster=cluster)
                self._read_again = set()
                raise BrokerAway("another broker has taken its place")
        if self._read_again is None:
            return
        unread = kafka.assignment() - self._read_again
        if unread:
            kafka.seek_to_beginning(*unread)
            self._read_again |= unread
