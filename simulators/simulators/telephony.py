"""Telephone system: records of calls with their transcripts, by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Simulator, bad_request, whole_number
from simulators.faults import Mode, fault_of
from simulators.numbered import NumberedLog
from simulators.records import Record

MAX_PAGE = 500


def telephony(simulator: Simulator, data: Path) -> Starlette:
    calls = NumberedLog(data / "telephony" / "calls.json")

    async def list_calls(request: Request) -> Response:
        after = whole_number(request.query_params.get("after"), 0)
        limit = whole_number(request.query_params.get("limit"), 200)
        if after is None or not limit or limit > MAX_PAGE:
            return bad_request(f"after is a number, limit a whole number from 1 to {MAX_PAGE}")
        fault = fault_of(request)
        found = calls.after(after, limit, fault)
        return JSONResponse({"calls": [_lied(each) for each in found] if fault is Mode.LIE else found})

    async def add(request: Request) -> Response:
        """New records; one with the id of an earlier call is that call again, for instance with its transcript."""
        given = (await request.json())["calls"]
        return JSONResponse({"calls": [calls.append(whole(each)) for each in given]})

    def whole(given: Record) -> Record:
        started: dict[str, Any] = {"startedAt": simulator.clock.now().isoformat(), "durationSeconds": 60}
        return {"direction": "OUT", "status": "ANSWERED", **started, **given}

    routes = [
        Route("/calls", simulator.guarded(list_calls)),
        Route("/_sim/calls", add, methods=["POST"]),
    ]
    return simulator.application(list(routes), lambda: {"calls": len(calls.records)})


def _lied(call: Record) -> Record:
    """Well-formed and wrong: nobody was ever reached."""
    return {**call, "status": "NO_ANSWER", "durationSeconds": 0}
