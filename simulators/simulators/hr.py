"""HR system: employees in full and as changes since a cursor, and the tree of units."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Simulator, bad_request, whole_number
from simulators.faults import Mode, fault_of
from simulators.records import ChangeLog, Record, read_records


def hr(simulator: Simulator, data: Path) -> Starlette:
    employees = ChangeLog(data / "hr" / "employees.json", "employeeId")
    units = read_records(data / "hr" / "units.json")

    def answer(records: list[Record], next_page: int | None, fault: Mode) -> Response:
        body = {
            "asOf": simulator.clock.now().isoformat().replace("+00:00", "Z"),
            "cursor": str(len(employees)),
            "nextPage": next_page,
            "employees": spoil(records, fault),
        }
        return JSONResponse(body)

    async def full(request: Request) -> Response:
        page = whole_number(request.query_params.get("page"), 1)
        size = whole_number(request.query_params.get("size"), 500)
        if not page or not size or size > 500:
            return bad_request("page and size are whole numbers from 1, size at most 500")
        everyone = employees.current()
        chosen = everyone[(page - 1) * size : page * size]
        return answer(chosen, page + 1 if page * size < len(everyone) else None, fault_of(request))

    async def delta(request: Request) -> Response:
        since = whole_number(request.query_params.get("since"), 0)
        if since is None or since > len(employees):
            return bad_request("since is a cursor this system gave out")
        return answer(employees.since(since), None, fault_of(request))

    async def list_units(_request: Request) -> Response:
        return JSONResponse({"units": units})

    async def change(request: Request) -> Response:
        """Adds or changes employees: fields not given stay as they were."""
        known = {record["employeeId"]: record for record in employees.current()}
        stamp = simulator.clock.now().isoformat()
        given = (await request.json())["employees"]
        changed = [{**known.get(part["employeeId"], {}), **part, "updatedAt": stamp} for part in given]
        employees.append(changed)
        return JSONResponse({"cursor": str(len(employees)), "employees": changed})

    routes = [
        Route("/employees/full", simulator.guarded(full)),
        Route("/employees/delta", simulator.guarded(delta)),
        Route("/units", simulator.guarded(list_units)),
        Route("/_sim/employees", change, methods=["POST"]),
    ]
    return simulator.application(list(routes), lambda: {"employees": len(employees.current()), "units": len(units)})


def spoil(records: list[Record], fault: Mode) -> list[Record]:
    if fault is Mode.SCHEMA:
        return [{("employee_id" if name == "employeeId" else name): v for name, v in r.items()} for r in records]
    if fault is Mode.HOLE:
        return records[:-1]
    if fault is Mode.DUPLICATE:
        return [record for record in records for _ in range(2)]
    if fault is Mode.REORDER:
        return records[::-1]
    if fault is Mode.LIE:
        return [{**record, "status": "ACTIVE", "leftOn": None} for record in records]
    return records
