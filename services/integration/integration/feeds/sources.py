"""Opens sources with what outlives a run: connections, rate limits, circuit breakers."""

from __future__ import annotations

import ipaddress
from threading import Lock
from urllib.parse import urlsplit

import httpx
import pybreaker

from integration.feeds.errors import SourceFailed
from integration.feeds.guard import AddressGuard, GuardedTransport
from integration.feeds.pace import Pace
from integration.feeds.policy import FeedRule
from integration.feeds.source import Access, Source


class Sources:
    """Shared by all feeds of a process. `simulated`: sources on this host are simulators, which need no gentleness."""

    def __init__(self, guard: AddressGuard, redis_url: str = "", *, simulated: bool = False) -> None:
        self._http = httpx.Client(transport=GuardedTransport(guard), follow_redirects=False, trust_env=False)
        self._guard = guard
        self._pace = Pace(redis_url)
        self._simulated = simulated
        self._breakers: dict[str, pybreaker.CircuitBreaker] = {}
        self._lock = Lock()

    def open(self, access: Access, rule: FeedRule) -> Source:
        pace = None if self._simulated and is_on_this_host(access.url) else self._pace
        return Source(access, rule, self._http, pace, self._breaker(access.name, rule), self._guard)

    def close(self) -> None:
        self._http.close()

    def _breaker(self, name: str, rule: FeedRule) -> pybreaker.CircuitBreaker:
        with self._lock:
            breaker = self._breakers.get(name)
            if breaker is None:
                breaker = pybreaker.CircuitBreaker(
                    exclude=[_is_our_own_fault], throw_new_error_on_trip=False, name=name
                )
                self._breakers[name] = breaker
            breaker.fail_max = rule.breaker_failures
            breaker.reset_timeout = rule.breaker_rest_seconds
            return breaker


def is_on_this_host(url: str) -> bool:
    """By a loopback address written out: where a name leads may change."""
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False


def _is_our_own_fault(failure: BaseException) -> bool:
    """A refused key or a changed form says nothing about whether the source is up."""
    return isinstance(failure, SourceFailed) and not failure.passes
