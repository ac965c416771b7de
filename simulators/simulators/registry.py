"""The company register (天眼查-like): one company by its code or name."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Handler, Simulator
from simulators.faults import Mode, fault_of
from simulators.records import ChangeLog, Record

# The register's own code for “nothing found”.
UNKNOWN = {"error_code": 300000, "reason": "无数据", "result": None}


def registry(simulator: Simulator, data: Path) -> Starlette:
    log = ChangeLog(data / "registry" / "companies.json", "creditCode")
    routes = [
        Route("/company", simulator.guarded(reader(log))),
        Route("/_sim/companies", adder(log, simulator), methods=["POST"]),
    ]
    return simulator.application(list(routes), lambda: {"companies": len(log.current())})


def reader(log: ChangeLog) -> Handler:
    async def read(request: Request) -> Response:
        keyword = request.query_params.get("keyword", "")
        found = next((each for each in log.current() if keyword in (each["creditCode"], each["name"])), None)
        if found is None:
            return JSONResponse(UNKNOWN)
        first = next(each for each in log.changes if each["creditCode"] == found["creditCode"])
        return JSONResponse({"error_code": 0, "reason": "ok", "result": spoil(found, first, fault_of(request))})

    return read


def adder(log: ChangeLog, simulator: Simulator) -> Handler:
    async def add(request: Request) -> Response:
        """New companies, or changes of known ones."""
        known = {str(each["creditCode"]): each for each in log.current()}
        stamp = int(simulator.clock.now().timestamp() * 1000)
        usual = {"regStatus": "存续", "branches": []}
        told = [
            {**usual, **known.get(part["creditCode"], {}), "updateTimes": stamp, **part}
            for part in (await request.json())["companies"]
        ]
        log.append(told)
        return JSONResponse({"companies": told})

    return add


def spoil(company: Record, first: Record, fault: Mode) -> Record:
    """`first`: what was told of it first, which a stale register still tells."""
    if fault is Mode.SCHEMA:
        return {("regState" if name == "regStatus" else name): value for name, value in company.items()}
    if fault is Mode.LIE:
        return {**company, "creditCode": "91310000MA1FL00000", "name": f"{company['name']}（另一家）"}
    return first if fault is Mode.STALE else company
