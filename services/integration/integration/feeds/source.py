"""Reads a source over HTTP, gently: rate limit, backoff with jitter, circuit breaker (N1.2).

Guarantee: every request stays on the configured origin (the key never travels elsewhere), follows no redirect, and
reads at most `LARGEST` bytes, or `LARGEST_FILE` into a file. Whatever goes wrong is a SourceFailed of one class.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
import pybreaker
from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from integration.feeds.errors import SourceFailed
from integration.feeds.guard import AddressGuard
from integration.feeds.pace import Pace
from integration.feeds.policy import FeedRule

LARGEST = 32 * 1024 * 1024
LARGEST_FILE = 2 * 1024 * 1024 * 1024
KEY_HEADER = "X-Api-Key"
Query = dict[str, str | int]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Access:
    """Where a source is. An empty `url` means: not configured."""

    name: str
    url: str = ""
    key: SecretStr = field(default_factory=lambda: SecretStr(""))
    # Last day on which the source accepts the key; None: it doesn't end, or nobody said when.
    expires_on: date | None = None


@dataclass(frozen=True)
class _Terms:
    """What is special about a request: headers of its own, and statuses beside 200 that are an answer."""

    headers: Mapping[str, str] = field(default_factory=dict)
    also: frozenset[int] = frozenset()


class Source:
    """One source during one run. Without a pace it is asked as fast as it answers."""

    def __init__(
        self,
        access: Access,
        rule: FeedRule,
        http: httpx.Client,
        pace: Pace | None,
        breaker: pybreaker.CircuitBreaker,
        guard: AddressGuard,
    ) -> None:
        self._access = access
        self._rule = rule
        self._http = http
        self._pace = pace
        self._breaker = breaker
        self._guard = guard

    def json(self, path: str, **query: str | int) -> Any:
        """`path` is below the source's URL, or a link of the source's own. Raises SourceFailed."""
        return _json(self.get(path, **query), path)

    def get(self, path: str, **query: str | int) -> httpx.Response:
        """Raises SourceFailed."""
        return self._patiently(path, query, _whole)

    def file(self, path: str, into: BinaryIO, **query: str | int) -> str:
        """Keeps the answer piece by piece, at most `LARGEST_FILE` bytes; its SHA-256. Raises SourceFailed."""
        return self._patiently(path, query, lambda response: _keep(response, into))

    def unless_same(self, path: str, etag: str, modified: str) -> httpx.Response | None:
        """None when the source says that nothing has changed since (conditional GET). Raises SourceFailed."""
        known = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", modified)) if value}
        response = self._patiently(path, {}, _whole, _Terms(known, frozenset({304})))
        return None if response.status_code == 304 else response

    def look_up(self, path: str, **query: str | int) -> Any | None:
        """JSON, or None when the source doesn't know what is asked for. Raises SourceFailed."""
        response = self._patiently(path, query, _whole, _Terms(also=frozenset({404})))
        return None if response.status_code == 404 else _json(response, path)

    def dial(self, connect: Callable[[str, float], Answer]) -> Answer:
        """A connection in another protocol than HTTP: `connect` gets the guarded address and the time-out in seconds.

        Raises SourceFailed.
        """
        return self._in_turn(lambda: self._dialled(connect))

    def _patiently(
        self, path: str, query: Query, read: Callable[[httpx.Response], Answer], terms: _Terms | None = None
    ) -> Answer:
        url = self._within(path)
        return self._in_turn(lambda: self._once(url, query, read, terms or _Terms()))

    def _in_turn(self, once: Callable[[], Answer]) -> Answer:
        patient = Retrying(
            stop=stop_after_attempt(self._rule.attempts),
            wait=wait_random_exponential(self._rule.backoff_seconds, self._rule.backoff_cap_seconds),
            retry=retry_if_exception(lambda failure: isinstance(failure, SourceFailed) and failure.passes),
            reraise=True,
        )
        answer: Answer = patient(self._guarded, once)
        return answer

    def _guarded(self, once: Callable[[], Answer]) -> Answer:
        if self._pace:
            self._pace.wait(self._access.name, self._rule.requests_per_minute)
        try:
            answer: Answer = self._breaker.call(once)
        except pybreaker.CircuitBreakerError:
            raise SourceFailed("circuit_open", f"{self._access.name} failed repeatedly") from None
        return answer

    def _dialled(self, connect: Callable[[str, float], Answer]) -> Answer:
        parts, timeout = urlsplit(self._access.url), self._rule.timeout_seconds
        address = self._guard.admit(parts.hostname or "", parts.port or 0)
        try:
            return connect(address, timeout)
        except TimeoutError:
            raise SourceFailed("timeout", f"no answer within {timeout:g} s") from None
        except OSError:
            raise SourceFailed("connect", "the connection failed") from None

    def _once(self, url: str, query: Query, read: Callable[[httpx.Response], Answer], terms: _Terms) -> Answer:
        headers = {**terms.headers, KEY_HEADER: self._access.key.get_secret_value()}
        timeout = self._rule.timeout_seconds
        try:
            with self._http.stream("GET", url, params=query or None, headers=headers, timeout=timeout) as response:
                _accept(response, terms.also)
                return read(response)
        except httpx.TimeoutException:
            raise SourceFailed("timeout", f"no answer within {timeout:g} s") from None
        except httpx.TransportError:
            raise SourceFailed("connect", "the connection failed") from None

    def _within(self, path: str) -> str:
        """A link in an answer must not lead our key to somebody else."""
        url = urljoin(self._access.url.rstrip("/") + "/", path if "://" in path else path.lstrip("/"))
        if urlsplit(url)[:2] != urlsplit(self._access.url)[:2]:
            raise SourceFailed("schema", "a link of the answer leaves the source")
        return url


def _accept(response: httpx.Response, also: frozenset[int]) -> None:
    status = response.status_code
    if status in also:
        return
    if status >= 500 or status == 429:
        raise SourceFailed("http_5xx", f"status {status}")
    if status in (401, 403):
        raise SourceFailed("auth", f"status {status}")
    if status == 410:
        raise SourceFailed("gone", "status 410")
    if status != 200:
        raise SourceFailed("http_4xx", f"status {status}")


def _whole(response: httpx.Response) -> httpx.Response:
    return httpx.Response(response.status_code, headers=_plain(response), content=_body(response))


def _keep(response: httpx.Response, into: BinaryIO) -> str:
    """From its beginning: an attempt before may have left half."""
    into.seek(0)
    into.truncate()
    digest, size = hashlib.sha256(), 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > LARGEST_FILE:
            raise SourceFailed("too_large", f"more than {LARGEST_FILE} bytes")
        digest.update(piece)
        into.write(piece)
    into.seek(0)
    return digest.hexdigest()


def _plain(response: httpx.Response) -> dict[str, str]:
    return {name: response.headers.get(name, "") for name in ("content-type", "etag", "last-modified")}


def _json(response: httpx.Response, path: str) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise SourceFailed("parse", f"{urlsplit(path).path}: the answer is not JSON") from None


def _body(response: httpx.Response) -> bytes:
    held = bytearray()
    for piece in response.iter_bytes():
        held += piece
        if len(held) > LARGEST:
            raise SourceFailed("too_large", f"more than {LARGEST} bytes")
    return bytes(held)
