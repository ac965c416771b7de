"""What every simulator has in common: an API key, the fault door, its state, the movable clock."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from chassis.clock import Clock
from simulators.faults import FaultMiddleware, Faults, read_fault

Handler = Callable[[Request], Awaitable[Response]]
State = Callable[[], dict[str, object]]


@dataclass
class Simulator:
    """One system. Its routes need the API key (`X-Api-Key`) when it has one; `/_sim/…` is the tester's door."""

    name: str
    clock: Clock
    key: str | None = None
    faults: Faults = field(default_factory=Faults.none)

    def application(self, routes: list[BaseRoute], state: State) -> Starlette:
        async def set_fault(request: Request) -> Response:
            fault = await read_fault(request)
            if isinstance(fault, Response):
                return fault
            self.faults.set(fault)
            return JSONResponse(fault.model_dump(mode="json"))

        async def get_state(_request: Request) -> Response:
            now = self.clock.now().isoformat()
            fault = self.faults.current.model_dump(mode="json")
            known = {"simulator": self.name, "now": now, "fault": fault, "requests": self.faults.requests}
            return JSONResponse({**known, **state()})

        door: list[BaseRoute] = [
            Route("/_sim/fault", set_fault, methods=["POST"]),
            Route("/_sim/state", get_state, methods=["GET"]),
        ]
        return Starlette(routes=[*door, *routes], middleware=[Middleware(FaultMiddleware, faults=self.faults)])

    def guarded(self, handler: Handler) -> Handler:
        async def checked(request: Request) -> Response:
            given = request.headers.get("x-api-key", "")
            if self.key is not None and not hmac.compare_digest(given.encode(), self.key.encode()):
                return JSONResponse({"error": "unknown API key"}, status_code=401)
            return await handler(request)

        return checked


def bad_request(message: str) -> Response:
    return JSONResponse({"error": message}, status_code=400)


def whole_number(text: str | None, default: int) -> int | None:
    """The query value as a number; None when it is no whole number."""
    if text is None or text == "":
        return default
    return int(text) if text.isascii() and text.isdigit() else None
