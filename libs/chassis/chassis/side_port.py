"""The port for operators: `/metrics`, `/healthz`, `/readyz`, and in local mode the doors that tests and demos use.

Guarantee: `/healthz` says that the process lives and asks nothing else; `/readyz` names in words what is not ready.
The `/local/…` doors don't exist outside local mode.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from chassis import telemetry
from chassis.config import ConfigError
from chassis.metrics import Metrics

LARGEST_BODY = 4096
log = telemetry.logger()


@dataclass(frozen=True)
class LocalDoors:
    """What a demo asks a process: when is something due next, why is it not at rest, and to die at a fault point."""

    next_due: Callable[[], datetime | None]
    unsettled: Callable[[], Sequence[str]]
    arm_fault: Callable[[str], None]
    # Clocks and work of a given time of day, without what repeats every few minutes.
    next_dated: Callable[[], datetime | None] = lambda: None


Answer = tuple[HTTPStatus, str, bytes]


class SidePort:
    """Serves until `stop`. `not_ready` gives the reasons, none when ready."""

    def __init__(
        self,
        host: str,
        port: int,
        metrics: Metrics,
        not_ready: Callable[[], Sequence[str]],
        local: LocalDoors | None = None,
    ) -> None:
        self._metrics = metrics
        self._not_ready = not_ready
        self._gets: dict[str, Callable[[], Answer]] = {
            "/metrics": self._exposition,
            "/healthz": lambda: _json({"alive": True}),
            "/readyz": self._readiness,
        }
        self._posts: dict[str, Callable[[Any], Answer]] = {}
        if local is not None:
            self._open_local_doors(local)
        self._http = _listen(host, port, self._handler())
        self.port: int = self._http.server_address[1]
        self._thread = Thread(target=self._http.serve_forever, args=(0.1,), name="side-port", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _open_local_doors(self, local: LocalDoors) -> None:
        def next_due() -> Answer:
            due, dated = local.next_due(), local.next_dated()
            return _json({"next_due": _text(due), "next_dated": _text(dated)})

        def settled() -> Answer:
            why = list(local.unsettled())
            return _json({"settled": not why, "why": why})

        def arm(body: Any) -> Answer:
            try:
                local.arm_fault(str(body["point"]))
            except (KeyError, TypeError):
                return _json({"error": 'expected {"point": "<name>"}'}, HTTPStatus.BAD_REQUEST)
            except ValueError as unknown:
                return _json({"error": str(unknown)}, HTTPStatus.BAD_REQUEST)
            return _json({"armed": body["point"]})

        self._gets |= {"/local/next-due": next_due, "/local/settled": settled}
        self._posts |= {"/local/fault": arm}

    def _exposition(self) -> Answer:
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, self._metrics.exposition()

    def _readiness(self) -> Answer:
        why = list(self._not_ready())
        return _json({"ready": not why, "why": why}, HTTPStatus.SERVICE_UNAVAILABLE if why else HTTPStatus.OK)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gets: Mapping[str, Callable[[], Answer]] = self._gets
        posts: Mapping[str, Callable[[Any], Answer]] = self._posts

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                door = gets.get(self.path)
                self._send(_answered(door) if door else _nothing_here())

            def do_POST(self) -> None:
                door = posts.get(self.path)
                self._send(_answered(lambda: door(self._body())) if door else _nothing_here())

            def _body(self) -> Any:
                length = int(self.headers.get("Content-Length") or 0)
                try:
                    return json.loads(self.rfile.read(min(length, LARGEST_BODY)))
                except ValueError:
                    return None

            def _send(self, answer: Answer) -> None:
                status, media_type, body = answer
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Probes come every second: they are not worth a line."""

        return Handler


def _answered(door: Callable[[], Answer]) -> Answer:
    try:
        return door()
    except Exception as failure:
        log.exception("side_port.failed")
        return _json({"error": type(failure).__name__}, HTTPStatus.SERVICE_UNAVAILABLE)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _nothing_here() -> Answer:
    return _json({"error": "there is nothing here"}, HTTPStatus.NOT_FOUND)


def _json(value: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return status, "application/json; charset=utf-8", json.dumps(value, ensure_ascii=False).encode()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def _listen(host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    try:
        return _Http((host, port), handler)
    except OSError:
        raise ConfigError(
            f"Port {port} on {host} can't be used, probably something else listens on it: set CLOSELOOP_SIDE_PORT."
        ) from None
