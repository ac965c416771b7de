"""Faults on command: what a system does wrong, until it is told to behave again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send


class Mode(StrEnum):
    NONE = "none"
    TIMEOUT = "timeout"  # answers only long after the caller gave up
    ERROR500 = "error500"
    SLOW = "slow"
    DOWN = "down"  # the connection breaks in the middle of the answer
    SCHEMA = "schema"  # fields renamed, as after an upgrade nobody announced
    HOLE = "hole"  # a record is missing, and the cursor moves on as if it had been there
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    CHECKSUM = "checksum"  # a file is announced with the checksum of another one
    CUT = "cut"  # a file ends in the middle, although every byte of the answer came
    LIE = "lie"  # well-formed and wrong: balances, totals, states
    PARTIAL = "partial"  # HR: no word about some employees, told about each
    STALE = "stale"  # HR: the answer of a while ago, which says so; register: what it told first
    HOSTILE = "hostile"  # tender lists: a document type definition that grows, a script that never ends


DEFAULT_SECONDS = {Mode.TIMEOUT: 60.0, Mode.SLOW: 2.0}


class Fault(BaseModel):
    """`count`: only for the next so many requests; absent: until changed. `path`: only below this path.

    `keys`: the records that a lie or a partial answer is about; none named: all. `age`: of a stale answer, in seconds.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Mode = Mode.NONE
    seconds: float | None = Field(default=None, ge=0, le=600)
    count: int | None = Field(default=None, ge=1)
    path: str = ""
    keys: tuple[str, ...] = ()
    age: float = Field(default=3600, ge=0)

    def concerns(self, key: str) -> bool:
        return not self.keys or key in self.keys


@dataclass
class Faults:
    """The fault of one simulator. `take` consumes one request of a counted fault."""

    current: Fault
    requests: int = 0

    @classmethod
    def none(cls) -> Faults:
        return cls(Fault())

    def set(self, fault: Fault) -> None:
        self.current = fault

    def take(self, path: str) -> Fault:
        self.requests += 1
        fault = self.current
        if fault.mode is Mode.NONE or not path.startswith(fault.path):
            return Fault()
        if fault.count is not None:
            left = fault.count - 1
            self.current = fault.model_copy(update={"count": left}) if left else Fault()
        return fault


class FaultMiddleware:
    """Plays the faults of the line here; those of the content are left to the simulator in `request.state.fault`."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sim/"):
            await self._app(scope, receive, send)
            return
        fault = self._faults.take(scope["path"])
        scope.setdefault("state", {})["fault"] = fault
        if fault.mode in DEFAULT_SECONDS:
            await asyncio.sleep(DEFAULT_SECONDS[fault.mode] if fault.seconds is None else fault.seconds)
        if fault.mode is Mode.ERROR500:
            await JSONResponse({"error": "internal error"}, status_code=500)(scope, receive, send)
        elif fault.mode is Mode.DOWN:
            await break_off(send)
        else:
            await self._app(scope, receive, send)


async def break_off(send: Send) -> None:
    """Promises more bytes than it sends; the server then closes the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


def fault_of(request: Request) -> Mode:
    return whole_fault_of(request).mode


def whole_fault_of(request: Request) -> Fault:
    """For faults that concern some records only."""
    fault: Fault = getattr(request.state, "fault", Fault())
    return fault


async def read_fault(request: Request) -> Fault | Response:
    try:
        return Fault.model_validate_json(await request.body())
    except ValidationError as error:
        return JSONResponse({"errors": error.errors(include_url=False, include_context=False)}, status_code=400)
