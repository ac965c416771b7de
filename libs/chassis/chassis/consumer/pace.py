"""How long the broker may hold a fetch that finds nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from kafka import KafkaConsumer

from chassis.bus import BusSettings


class Pace:
    """Short while events come, long when none has come for a while: most services are idle most of the time.

    Apache Kafka answers a held fetch as soon as something comes. The embedded broker lets it wait, so that the first
    event after a silence is read half a second later at most; each fetch costs it and its client 2 ms.
    """

    def __init__(
        self,
        kafka: KafkaConsumer,
        settings: BusSettings,
        silence: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """After `silence` seconds without an event it is quiet."""
        self._config = kafka._fetcher.config  # read for each fetch; the client has no door to it
        self._settings = settings
        self._silence = silence
        self._clock = clock
        self._quiet_from = clock() + silence

    def keep(self, *, lively: bool) -> None:
        """Before each poll. `lively`: events came with the last one, or somebody waits for some."""
        now = self._clock()
        if lively:
            self._quiet_from = now + self._silence
        quick, quiet = self._settings.fetch_max_wait_ms, self._settings.quiet_wait_ms
        self._config["fetch_max_wait_ms"] = max(quick, quiet) if now >= self._quiet_from else quick
