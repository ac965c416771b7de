"""HTTP on the wire: uvicorn's protocol, with patience that ends.

uvicorn waits for ever for the end of a request's headers and keeps as many as are sent. Here they must be complete in
time and within their limit; and what is no HTTP at all is told so in the form of every other refusal. It also waits for
ever for the rest of a body whose request is answered, such as one that was refused: here that has the same time.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.errors import CloseloopError, InvalidInput
from gateway import problem
from gateway.errors import HeadersTooLarge, HeadersTooSlow


class NotHttp(InvalidInput):
    en = "This is no valid HTTP request."
    zh = "不是有效的 HTTP 请求。"


# Seconds in which somebody refused may notice it. A line that breaks while they speak would take the answer with it.
LINGER = 2.0
# Seconds. More than none: what is due at once would still go before reading.
SECOND_LOOK = 0.1


class PatientProtocol(HttpToolsProtocol):
    """`seconds` and `limit` (bytes) are set by `patient`."""

    seconds: ClassVar[float]
    limit: ClassVar[int]
    _timer: asyncio.TimerHandle | None = None
    _in_headers = True
    _received = 0
    _deaf = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        super().data_received(data)
        if self._in_headers:
            self._received += len(data)
            if self._received > self.limit:
                self._refuse(HeadersTooLarge(limit=self.limit))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._timer is None:
            self._wait_for_headers()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        is_early = not self.pipeline and self.cycle.more_body
        super().on_response_complete()
        if is_early and not self.transport.is_closing():
            self._timer = self.loop.call_later(self.seconds, self.transport.close)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.cycle.response_complete:
            # Nobody wanted this body, but now the next request may come; uvicorn forgets to wait for it.
            self._stop_waiting()
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def send_400_response(self, msg: str) -> None:
        self._refuse(NotHttp())

    def _wait_for_headers(self) -> None:
        self._in_headers, self._received = True, 0
        self._timer = self.loop.call_later(self.seconds, self._give_up)

    def _stop_waiting(self) -> None:
        self._in_headers = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """A loop that is late runs its timers first: what came meanwhile is read before the second look."""
        self._timer = self.loop.call_later(SECOND_LOOK, self._give_up_now)

    def _give_up_now(self) -> None:
        if self._received:
            self._refuse(HeadersTooSlow(seconds=round(self.seconds)))
        else:
            self.transport.close()

    def _refuse(self, error: CloseloopError) -> None:
        """Without the application: there is no request yet."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        answer = problem.respond(error, "zh")
        lines = [f"HTTP/1.1 {answer.status_code} {HTTPStatus(answer.status_code).phrase}".encode()]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", bytes(answer.body)]))
        self._deaf = True
        self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER, self.transport.close)


def patient(seconds: float, limit: int) -> type[Any]:
    return type("Patient", (PatientProtocol,), {"seconds": seconds, "limit": limit})
