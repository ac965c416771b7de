"""The gRPC server of a service.

Guarantees: every RPC passes the interceptors in one order, and a contract without access option does not start;
more than `max_concurrent_rpcs` at once are refused at once with RESOURCE_EXHAUSTED instead of piling up; when told to
stop, the server says NOT_SERVING, takes no new call and finishes the running ones within the drain time; a port
somebody else holds is one clear line.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis.config import ConfigError, Mode, Settings
from chassis.identity import Keyring
from chassis.metrics import metrics
from chassis.rpc.interceptors import Handler, Interceptor, chain
from chassis.rpc.interceptors.access import authorised
from chassis.rpc.interceptors.deadline import in_time
from chassis.rpc.interceptors.errors import translated
from chassis.rpc.interceptors.identity import identified
from chassis.rpc.interceptors.telemetry import observed
from chassis.rpc.interceptors.validation import validated
from chassis.rpc.method import Method

# A servicer and the generated function that registers it: (add_LeadServiceServicer_to_server, LeadService(uow)).
Registration = tuple[Callable[[Any, Any], None], Any]
LARGEST_MESSAGE = 8 * 1024 * 1024
LARGEST_TRAILERS = 64 * 1024

_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_metadata_size", LARGEST_TRAILERS),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
]


class Server:
    """A started server. `port` is the one it listens on, chosen by the system when the settings say 0."""

    def __init__(self, settings: Settings, servicers: Sequence[Registration], keyring: Keyring, name: str) -> None:
        self._drain = settings.drain
        self._health = health.HealthServicer(experimental_non_blocking=True)
        self._grpc = grpc.server(
            ThreadPoolExecutor(settings.grpc_threads, thread_name_prefix="rpc"),
            options=_OPTIONS,
            maximum_concurrent_rpcs=settings.max_concurrent_rpcs,
        )
        services = _register(self._grpc, servicers, _interceptors(settings, keyring, name))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        if settings.mode is not Mode.PRODUCTION:
            reflection.enable_server_reflection([*services, reflection.SERVICE_NAME], self._grpc)
        self.port = _bind(self._grpc, settings)
        self._names = ("", *services)
        self._grpc.start()
        self.announce(serving=True)

    def announce(self, *, serving: bool) -> None:
        """What health probes hear."""
        states = health_pb2.HealthCheckResponse
        for name in self._names:
            self._health.set(name, states.SERVING if serving else states.NOT_SERVING)

    def stop(self) -> None:
        """Drain: NOT_SERVING, no new calls, running ones are finished within the drain time. Returns when done."""
        self.announce(serving=False)
        self._grpc.stop(self._drain).wait()


def serve(settings: Settings, servicers: Sequence[Registration], keyring: Keyring, *, name: str) -> Server:
    """Start serving. Raises ConfigError for a busy port or a contract without access option."""
    return Server(settings, servicers, keyring, name)


def _interceptors(settings: Settings, keyring: Keyring, name: str) -> list[Interceptor]:
    return [
        observed(metrics, settings.default_deadline),
        translated(name),
        identified(keyring),
        authorised,
        validated,
        in_time,
    ]


def _register(server: grpc.Server, servicers: Sequence[Registration], interceptors: list[Interceptor]) -> list[str]:
    registrar = _Registrar()
    for add_to_server, servicer in servicers:
        add_to_server(servicer, registrar)
    for service, handlers in registrar.services.items():
        guarded = {name: _guarded(f"/{service}/{name}", handler, interceptors) for name, handler in handlers.items()}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, guarded),))
        server.add_registered_method_handlers(service, guarded)
    return list(registrar.services)


class _Registrar:
    """Stands where generated code expects the server and collects what it registers."""

    def __init__(self) -> None:
        self.services: dict[str, Mapping[str, Any]] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """The same methods again, in the form older servers need."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        self.services[service] = handlers


def _guarded(path: str, handler: Any, interceptors: list[Interceptor]) -> Any:
    if handler.request_streaming or handler.response_streaming:
        raise ConfigError(f"{path} is a stream; services answer single requests only.")
    method = Method.of(path)
    behaviour: Handler = handler.unary_unary

    def encoded(request: Any, context: grpc.ServicerContext) -> bytes:
        answer = behaviour(request, context)
        if not isinstance(answer, method.response):
            raise TypeError(f"{path} answered {type(answer).__name__}")
        return answer.SerializeToString()

    return grpc.unary_unary_rpc_method_handler(chain(method, encoded, interceptors))


def _bind(server: grpc.Server, settings: Settings) -> int:
    try:
        _look_at_port(settings)
        return server.add_insecure_port(f"{settings.host}:{settings.grpc_port}")
    except (OSError, RuntimeError):
        raise ConfigError(
            f"Port {settings.grpc_port} on {settings.host} can't be used, probably something else listens on it: "
            "set CLOSELOOP_GRPC_PORT."
        ) from None


def _look_at_port(settings: Settings) -> None:
    """gRPC would print lines of its own about a busy port. Raises OSError."""
    family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.grpc_port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
