"""ERP: orders, receivables, products and the documents of an order as OData collections with pages and delta links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.application import Handler, Simulator, bad_request, whole_number
from simulators.faults import Mode, fault_of
from simulators.records import ChangeLog, Record

MAX_PAGE = 500


@dataclass(frozen=True)
class Collection:
    """One entity set: its name on the wire, its key, the field that a lie changes."""

    name: str
    command: str
    key: str
    amount: str


COLLECTIONS = (
    Collection("SalesOrders", "orders", "OrderId", "TotalAmount"),
    Collection("Receivables", "receivables", "ReceivableId", "Amount"),
    Collection("Products", "products", "ProductCode", "ListPrice"),
    Collection("ProductionSchedules", "schedules", "ScheduleId", "Quantity"),
    Collection("Deliveries", "deliveries", "DeliveryId", "Amount"),
    Collection("Invoices", "invoices", "InvoiceId", "Amount"),
    Collection("Stock", "stock", "StockId", "Quantity"),
    Collection("ServiceCalls", "service_calls", "CallId", "ReportedAt"),
)


def erp(simulator: Simulator, data: Path) -> Starlette:
    logs = {c.name: ChangeLog(data / "erp" / f"{c.command}.json", c.key) for c in COLLECTIONS}
    routes: list[BaseRoute] = []
    for collection in COLLECTIONS:
        read, add = reader(collection, logs[collection.name]), adder(collection, logs[collection.name], simulator)
        routes.append(Route(f"/odata/{collection.name}", simulator.guarded(read)))
        routes.append(Route(f"/_sim/{collection.command}", add, methods=["POST"]))
    return simulator.application(routes, lambda: {c.command: len(logs[c.name].current()) for c in COLLECTIONS})


def reader(collection: Collection, log: ChangeLog) -> Handler:
    async def read(request: Request) -> Response:
        top = whole_number(request.query_params.get("$top"), MAX_PAGE)
        if not top or top > MAX_PAGE:
            return bad_request(f"$top is a whole number from 1 to {MAX_PAGE}")
        token = request.query_params.get("$deltatoken") or request.query_params.get("$skiptoken") or ""
        position = whole_number(token, 0)
        if position is None or position > len(log):
            return bad_request("the token is none that this system gave out")
        # A first read gives the last state of each record; a delta gives each change.
        source = log.current() if token == "" else None
        rows = source if source is not None else log.since(position)
        if source is not None and len(source) > top:
            rows = log.changes  # too much for one page: the change log is paged instead
        page = rows[:top]
        body: Record = {"value": spoil(page, fault_of(request), collection)}
        if len(rows) > top:
            body["@odata.nextLink"] = link(request, collection, "$skiptoken", position + top, top)
        else:
            body["@odata.deltaLink"] = link(request, collection, "$deltatoken", len(log), top)
        return JSONResponse(body)

    return read


def link(request: Request, collection: Collection, token: str, position: int, top: int) -> str:
    return f"{str(request.base_url).rstrip('/')}/odata/{collection.name}?$top={top}&{token}={position}"


def adder(collection: Collection, log: ChangeLog, simulator: Simulator) -> Handler:
    async def add(request: Request) -> Response:
        """New records, or changes of known ones: the version grows by one with each."""
        known = {record[collection.key]: record for record in log.current()}
        stamp = simulator.clock.now().isoformat()
        changed: list[Record] = []
        for part in (await request.json())[collection.command]:
            before = known.get(part[collection.key], {})
            version = int(before.get("Version", 0)) + 1
            known[part[collection.key]] = {**before, **part, "ModifiedAt": stamp, "Version": version}
            changed.append(known[part[collection.key]])
        log.append(changed)
        return JSONResponse({"value": changed})

    return add


def spoil(rows: list[Record], fault: Mode, collection: Collection) -> list[Record]:
    if fault is Mode.SCHEMA:
        return [{(f"{n}_V2" if n == collection.amount else n): v for n, v in row.items()} for row in rows]
    if fault is Mode.HOLE:
        return rows[:-1]
    if fault is Mode.DUPLICATE:
        return [row for row in rows for _ in range(2)]
    if fault is Mode.REORDER:
        return rows[::-1]
    if fault is Mode.LIE:
        return [{**row, collection.amount: falsified(row[collection.amount])} for row in rows]
    return rows


def falsified(told: str) -> str:
    """A hundred more, or, of an instant, a day later."""
    try:
        return str(Decimal(told) + 100)
    except InvalidOperation:
        return (datetime.fromisoformat(told) + timedelta(days=1)).isoformat()
