"""Documents of the ERP as it tells them, of the order and the contract of `world.order()`."""

from __future__ import annotations

from typing import Any

from chassis.identity import Identity
from chassis.testing.identity import as_hq


def as_finance() -> Identity:
    return as_hq("E00800", "finance")


def _document(**told: Any) -> dict[str, Any]:
    """A record of the ERP that belongs to the order and the contract of `order()`."""
    return {
        "OrderId": "SO-1", "ContractNo": "HT-2026-001", "CustomerCode": "C0001", "CustomerName": "杭州第一医院",
        "Currency": "CNY", "Version": 1,
    } | told  # fmt: skip


def delivery(delivery_id: str = "D-1", **changes: Any) -> dict[str, Any]:
    told = {"DeliveryId": delivery_id, "DeliveredOn": "2026-03-08", "Amount": "52000.00", "WaybillNo": None}
    return _document(**told) | changes


def invoice(invoice_id: str = "F-1", **changes: Any) -> dict[str, Any]:
    told = {"InvoiceId": invoice_id, "InvoiceNo": "26332000", "IssuedOn": "2026-03-09", "Amount": "52000.00"}
    return _document(**told) | changes


def schedule(schedule_id: str = "P-1", **changes: Any) -> dict[str, Any]:
    told = {
        "ScheduleId": schedule_id,
        "ProductCode": "IMG-1",
        "Quantity": "2",
        "ReadyOn": "2026-03-20",
        "StartsOn": None,
    }
    return _document(**told) | changes


def stock(stock_id: str = "S-1", **changes: Any) -> dict[str, Any]:
    return {
        "StockId": stock_id, "ProductCode": "IMG-1", "Warehouse": "杭州仓", "Quantity": "12.5", "Available": "10",
        "Unit": "台", "CountedAt": "2026-03-10T08:00:00+08:00", "Version": 1,
    } | changes  # fmt: skip


def service_visit(call_id: str = "W-1", **changes: Any) -> dict[str, Any]:
    told = {
        "CallId": call_id,
        "Subject": "图像有条纹",
        "ReportedAt": "2026-03-10T09:00:00+08:00",
        "ProductCode": "IMG-1",
    }
    return _document(**told) | changes
