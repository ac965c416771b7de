"""System of the points of sale (门店零售系统): receipt lines in numbered files, sign-ups and promotions in lists."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.application import Handler, Simulator, bad_request, whole_number
from simulators.faults import Mode, fault_of
from simulators.records import ChangeLog, Record
from simulators.sales_files import files, lister, opener, seller

LISTS = {"customers": "CustomerId", "promotions": "PromotionId"}


def pos(simulator: Simulator, data: Path) -> Starlette:
    folder = data / "retail"
    logs = {name: ChangeLog(folder / f"{name}.json", key) for name, key in LISTS.items()}
    routes: list[BaseRoute] = [
        Route("/sales/files", simulator.guarded(lister(folder))),
        Route("/sales/files/{name}", simulator.guarded(opener(folder))),
        Route("/_sim/sales", seller(folder, simulator), methods=["POST"]),
    ]
    for name, log in logs.items():
        routes.append(Route(f"/{name}", simulator.guarded(reader(name, log))))
        routes.append(Route(f"/_sim/{name}", adder(name, log), methods=["POST"]))

    def state() -> dict[str, object]:
        return {"files": len(files(folder)), **{name: len(log.current()) for name, log in logs.items()}}

    return simulator.application(routes, state)


def reader(name: str, log: ChangeLog) -> Handler:
    async def read(request: Request) -> Response:
        after = whole_number(request.query_params.get("after"), 0)
        limit = whole_number(request.query_params.get("limit"), 500)
        if after is None or not limit:
            return bad_request("after and limit are whole numbers")
        page = log.since(after)[:limit]
        return JSONResponse({name: spoiled(page, fault_of(request)), "cursor": str(after + len(page))})

    return read


def spoiled(rows: list[Record], fault: Mode) -> list[Record]:
    if fault is Mode.SCHEMA:
        return [{f"{name}_V2": value for name, value in row.items()} for row in rows]
    if fault is Mode.HOLE:
        return rows[:-1]
    if fault is Mode.DUPLICATE:
        return [row for row in rows for _ in range(2)]
    return rows[::-1] if fault is Mode.REORDER else rows


def adder(name: str, log: ChangeLog) -> Handler:
    async def add(request: Request) -> Response:
        """New records, or changes of known ones: the version grows by one with each."""
        key = LISTS[name]
        known = {str(each[key]): each for each in log.current()}
        told: list[Record] = []
        for part in (await request.json())[name]:
            before = known.get(str(part[key]), {})
            known[str(part[key])] = {**before, **part, "Version": int(before.get("Version", 0)) + 1}
            told.append(known[str(part[key])])
        log.append(told)
        return JSONResponse({name: told})

    return add
