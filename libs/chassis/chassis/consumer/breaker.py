"""Tells bad data (a few keys fail) from a bad release (most keys fail)."""

from __future__ import annotations

from collections import OrderedDict

from chassis.consumer.settings import ConsumerSettings

Key = tuple[str, str]


class ConsumerStopped(RuntimeError):
    """Most keys fail: the release is bad, not the data. Nothing is lost; a good release goes on from here."""


class Breaker:
    """Remembers the last outcome of the last distinct keys; one loud key counts once."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._settings = settings
        self._failed: OrderedDict[Key, bool] = OrderedDict()

    def note(self, key: Key, *, failed: bool) -> None:
        """Raises ConsumerStopped when this outcome is one too many."""
        self._failed.pop(key, None)
        self._failed[key] = failed
        if len(self._failed) > self._settings.breaker_window:
            self._failed.popitem(last=False)
        failures = sum(self._failed.values()) if failed else 0
        seen = len(self._failed)
        if seen >= self._settings.breaker_minimum and failures > seen * self._settings.breaker_share:
            raise ConsumerStopped(f"{failures} of the last {seen} keys failed")
