"""The way from the door to the services: async, with the guarantees of `chassis.rpc.client`.

A call ends before the request does; only UNAVAILABLE is repeated, which is safe since every change carries its key;
what comes back is the answer or an error of the family. A service that is down is known to be down by its channel and
answered for at once, so no breaker stands in front.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast

import grpc
from google.protobuf.message import Message
from opentelemetry.trace import SpanKind
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_before_delay, wait_random_exponential

from chassis import telemetry
from chassis.errors import CloseloopError, DeadlineExceeded, InvalidInput, Locale, Unavailable
from chassis.identity import Identity, Keyring
from chassis.metrics import metrics
from chassis.rpc.client import CHANNEL_OPTIONS, FOR_THE_WAY_BACK, MOST_ATTEMPTS, SIGN_EVERY, headers, is_repeatable
from chassis.rpc.context import LOCALE_HEADER
from chassis.rpc.status import from_rpc_error
from gateway.names import rest_path

M = TypeVar("M", bound=Message)


class Upstream:
    """Channels by context, made at first use inside the running loop. `deadline` is in seconds."""

    def __init__(self, peers: Mapping[str, str], keyring: Keyring, *, deadline: float) -> None:
        self._peers = peers
        self._keyring = keyring
        self._deadline = deadline
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._calls: dict[str, Any] = {}
        self._tokens: dict[Identity, tuple[str, float]] = {}

    async def call(
        self, context: str, path: str, request: Message, answer: type[M], *, as_: Identity, locale: Locale = "zh"
    ) -> M:
        """Raises the family."""
        ends = time.monotonic() + self._deadline
        name, code, started = path.rpartition(".")[2], "OK", time.perf_counter()
        with telemetry.span(name, SpanKind.CLIENT):
            try:
                return await self._attempt(
                    context, lambda: self._once(context, path, request, answer, as_, locale, ends)
                )
            except CloseloopError as error:
                code = error.code
                raise
            finally:
                metrics.call_seconds.labels(context, name, code).observe(time.perf_counter() - started)

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close(grace=1)

    async def _attempt(self, context: str, once: Callable[[], Awaitable[M]]) -> M:
        """The library that repeats comes in when the first attempt failed: most succeed, and it takes its time."""
        try:
            return await once()
        except Unavailable as failure:
            if not is_repeatable(failure):
                raise
            failed: list[CloseloopError] = [failure]
        async for attempt in _retrying(context, self._deadline):
            with attempt:
                if failed:
                    raise failed.pop()
                return await once()
        raise AssertionError("the last attempt returns or raises")

    async def _once(
        self, context: str, path: str, request: Message, answer: type[M], as_: Identity, locale: Locale, ends: float
    ) -> M:
        left = ends - time.monotonic() - FOR_THE_WAY_BACK
        if left <= 0:
            raise DeadlineExceeded
        metadata = (*headers(self._token(as_), left), (LOCALE_HEADER, locale))
        try:
            found = await self._rpc(context, path, answer)(request, timeout=left, metadata=metadata)
        except grpc.RpcError as failure:
            raise _as_rest(from_rpc_error(failure)) from None
        return cast(M, found)

    def _token(self, identity: Identity) -> str:
        """Signed anew every 20 seconds of its 60, as services do: the other side then checks it once."""
        token, renew_at = self._tokens.get(identity, ("", 0.0))
        now = time.monotonic()
        if now >= renew_at:
            token = self._keyring.sign(identity)
            self._tokens = {each: held for each, held in self._tokens.items() if held[1] > now}
            self._tokens[identity] = (token, now + SIGN_EVERY)
        return token

    def _rpc(self, context: str, path: str, answer: type[Message]) -> Any:
        if path not in self._calls:
            if context not in self._channels:
                self._channels[context] = grpc.aio.insecure_channel(self._peers[context], options=CHANNEL_OPTIONS)
            self._calls[path] = self._channels[context].unary_unary(
                path, request_serializer=lambda each: each.SerializeToString(), response_deserializer=answer.FromString
            )
        return self._calls[path]


def _as_rest(error: CloseloopError) -> CloseloopError:
    """Services name fields as the contract does; people at the door read them as REST does."""
    if isinstance(error, InvalidInput):
        error.violations = tuple(replace(each, field=rest_path(each.field)) for each in error.violations)
    return error


def _retrying(context: str, seconds: float) -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception(is_repeatable),
        stop=stop_after_attempt(MOST_ATTEMPTS) | stop_before_delay(seconds),
        wait=wait_random_exponential(multiplier=0.05, max=1),
        before_sleep=lambda _: metrics.call_retries.labels(context).inc(),
        reraise=True,
    )
