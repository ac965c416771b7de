"""The way to a neighbour. Generated stubs take a `Channel` like any other channel.

Guarantees: a call ends before the caller's own deadline does; only UNAVAILABLE is repeated, with growing random pauses
inside that time; a neighbour that keeps failing is left alone for a while; identity, language and trace go along;
what comes back is the answer or an error of the family.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import grpc
from opentelemetry.trace import SpanKind
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_before_delay, wait_random_exponential

from chassis import telemetry
from chassis.errors import CloseloopError, DeadlineExceeded, Unavailable
from chassis.identity import Identity, Keyring, of_service
from chassis.metrics import metrics
from chassis.rpc import context as calls
from chassis.rpc.breaker import Breaker, NeighbourResting
from chassis.rpc.server import LARGEST_MESSAGE, LARGEST_TRAILERS
from chassis.rpc.status import from_rpc_error

MOST_ATTEMPTS = 4
FOR_THE_WAY_BACK = 0.01
SIGN_EVERY = 20.0

CHANNEL_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_metadata_size", LARGEST_TRAILERS),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A name with several addresses is a neighbour with several replicas: each gets its share.
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
]

TokenSource = Callable[[], str]


def identity_from_call() -> str:
    """Pass on who is calling us. Raises LookupError outside an RPC: there a service acts for itself."""
    return calls.current().token


class Channel(grpc.Channel):
    """A channel to `target`: host:port, or a gRPC name of several replicas, which share the calls.

    By default the service acts for itself; `deadline` is in seconds.
    """

    def __init__(
        self,
        target: str,
        keyring: Keyring,
        identity: Identity | TokenSource | None = None,
        *,
        deadline: float = 5.0,
        breaker: Breaker | None = None,
    ) -> None:
        self.target = target
        self.deadline = deadline
        self.breaker = breaker or Breaker(target)
        self.token = _token_source(keyring, identity)
        self._grpc = grpc.insecure_channel(target, options=CHANNEL_OPTIONS)

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Rpc(self, method, self._grpc.unary_unary(method, *args, **kwargs))

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError("services answer single requests only")

    stream_unary = unary_stream
    stream_stream = unary_stream

    def subscribe(self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool = False) -> None:
        self._grpc.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        self._grpc.unsubscribe(callback)

    def close(self) -> None:
        self._grpc.close()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Rpc:
    """One RPC of a neighbour, called as a plain function."""

    def __init__(self, channel: Channel, path: str, send: Callable[..., Any]) -> None:
        self._channel = channel
        self._send = send
        self._name = path.rpartition(".")[2]

    def __call__(self, request: Any, timeout: float | None = None, metadata: Iterable[tuple[str, str]] = ()) -> Any:
        """Raises the family. `timeout` (seconds) shortens or lengthens the channel's own, never the caller's."""
        ends = time.monotonic() + allowed_time(self._channel.deadline if timeout is None else timeout)
        started, code = time.perf_counter(), "OK"
        with telemetry.span(self._name, SpanKind.CLIENT):
            try:
                return self._retrying(ends)(self._attempt, request, ends, list(metadata))
            except CloseloopError as error:
                code = error.code
                raise
            finally:
                elapsed = time.perf_counter() - started
                metrics.call_seconds.labels(self._channel.target, self._name, code).observe(elapsed)

    def _attempt(self, request: Any, ends: float, metadata: list[tuple[str, str]]) -> Any:
        return self._channel.breaker.call(lambda: self._once(request, ends, metadata))

    def _once(self, request: Any, ends: float, metadata: list[tuple[str, str]]) -> Any:
        left = ends - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded
        try:
            return self._send(request, timeout=left, metadata=[*headers(self._channel.token(), left), *metadata])
        except grpc.RpcError as failure:
            raise from_rpc_error(failure) from None

    def _retrying(self, ends: float) -> Retrying:
        return Retrying(
            retry=retry_if_exception(is_repeatable),
            stop=stop_after_attempt(MOST_ATTEMPTS) | stop_before_delay(max(0.0, ends - time.monotonic())),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            before_sleep=lambda _: metrics.call_retries.labels(self._channel.target).inc(),
            reraise=True,
        )


def allowed_time(own: float) -> float:
    """Seconds a call may take: the own limit, and never more than the served call has left minus the way back."""
    serving = calls.current_or_none()
    return own if serving is None else min(own, serving.remaining - FOR_THE_WAY_BACK)


def headers(token: str, seconds: float) -> list[tuple[str, str]]:
    """Metadata of a call: identity, trace, time left, and the language of the people behind it."""
    serving = calls.current_or_none()
    found = {
        calls.IDENTITY_HEADER: token,
        calls.TIME_LEFT_HEADER: str(int(seconds * 1000)),
        **telemetry.trace_headers(),
    }
    if serving is not None:
        found[calls.LOCALE_HEADER] = serving.locale
    return list(found.items())


def is_repeatable(failure: BaseException) -> bool:
    return isinstance(failure, Unavailable) and not isinstance(failure, NeighbourResting)


def _token_source(keyring: Keyring, identity: Identity | TokenSource | None) -> TokenSource:
    if isinstance(identity, Identity) or identity is None:
        return _Token(keyring, identity or of_service(keyring.issuer))
    return identity


class _Token:
    """Signed anew every 20 seconds of its 60: a signature for each call would cost as much as the call's way in."""

    def __init__(self, keyring: Keyring, acting: Identity) -> None:
        self._keyring = keyring
        self._acting = acting
        self._token = ""
        self._renew_at = 0.0

    def __call__(self) -> str:
        now = time.monotonic()
        if now >= self._renew_at:
            self._token = self._keyring.sign(self._acting)
            self._renew_at = now + SIGN_EVERY
        return self._token
