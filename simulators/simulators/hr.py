"""HR system: employees in full and as changes since a cursor, and the tree of units."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Simulator, bad_request, whole_number
from simulators.faults import Fault, Mode, whole_fault_of
from simulators.records import ChangeLog, Record, read_records


def hr(simulator: Simulator, data: Path) -> Starlette:
    employees = ChangeLog(data / "hr" / "employees.json", "employeeId")
    units = read_records(data / "hr" / "units.json")
    unanswered: set[str] = set()

    def answer(records: list[Record], fault: Fault, *, cursor: int, next_page: int | None = None) -> Response:
        age = timedelta(seconds=fault.age if fault.mode is Mode.STALE else 0)
        body = {
            "asOf": (simulator.clock.now() - age).isoformat().replace("+00:00", "Z"),
            "cursor": str(cursor),
            "nextPage": next_page,
            "employees": spoil(records, fault),
        }
        return JSONResponse(body)

    def since(position: int, fault: Fault) -> list[Record]:
        """About some there may be no word, changed or not; it follows once the fault has ended."""
        everybody = {record["employeeId"]: record for record in employees.current()}
        if fault.mode is Mode.PARTIAL:
            unanswered.update(key for key in everybody if fault.concerns(key))
        late = [everybody[key] for key in sorted(unanswered)]
        if fault.mode is not Mode.PARTIAL:
            unanswered.clear()
        return [r for r in employees.since(position) if r["employeeId"] not in unanswered] + late

    async def full(request: Request) -> Response:
        page = whole_number(request.query_params.get("page"), 1)
        size = whole_number(request.query_params.get("size"), 500)
        if not page or not size or size > 500:
            return bad_request("page and size are whole numbers from 1, size at most 500")
        everyone = employees.current()
        chosen = everyone[(page - 1) * size : page * size]
        more = page + 1 if page * size < len(everyone) else None
        return answer(chosen, whole_fault_of(request), cursor=len(employees), next_page=more)

    async def delta(request: Request) -> Response:
        position = whole_number(request.query_params.get("since"), 0)
        if position is None or position > len(employees):
            return bad_request("since is a cursor this system gave out")
        fault = whole_fault_of(request)
        if fault.mode is Mode.STALE:
            return answer([], fault, cursor=position)
        return answer(since(position, fault), fault, cursor=len(employees))

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


def spoil(records: list[Record], fault: Fault) -> list[Record]:
    if fault.mode is Mode.SCHEMA:
        return [{("employee_id" if name == "employeeId" else name): v for name, v in r.items()} for r in records]
    if fault.mode is Mode.HOLE:
        return records[:-1]
    if fault.mode is Mode.DUPLICATE:
        return [record for record in records for _ in range(2)]
    if fault.mode is Mode.REORDER:
        return records[::-1]
    if fault.mode is Mode.LIE:
        return [_as_if_active(record) if fault.concerns(record["employeeId"]) else record for record in records]
    if fault.mode is Mode.PARTIAL:
        return [_silent(record) if fault.concerns(record["employeeId"]) else record for record in records]
    return records


def _silent(record: Record) -> Record:
    return {"employeeId": record["employeeId"], "error": "temporarily unavailable"}


def _as_if_active(record: Record) -> Record:
    return {**record, "status": "ACTIVE", "leftOn": None}
