"""Documents of the ERP as contract messages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from closeloop.integration.v1 import erp_document_service_pb2 as pb
from integration.mapping.common import day, instant, money
from integration.products.rules import registration_ended
from integration.service_calls.rules import response_minutes


def schedule(row: Row[Any]) -> pb.Schedule:
    return pb.Schedule(
        schedule_id=row.schedule_id,
        order_id=row.order_id,
        product_code=row.product_code,
        product_name=row.product_name,
        quantity=_plain(row.quantity),
        starts_on=day(row.starts_on),
        ready_on=day(row.ready_on),
        plant=row.plant,
        state=row.state,
    )


def shipment(row: Row[Any]) -> pb.Shipment:
    return pb.Shipment(
        delivery_id=row.delivery_id,
        order_id=row.order_id,
        contract_number=row.contract_number,
        customer_code=row.customer_code,
        customer_name=row.customer_name,
        delivered_on=day(row.delivered_on),
        amount=money(row.amount_fen, row.currency),
        state=row.state,
        waybill=row.waybill,
    )


def invoice(row: Row[Any]) -> pb.Invoice:
    return pb.Invoice(
        invoice_id=row.invoice_id,
        invoice_number=row.invoice_number,
        order_id=row.order_id,
        contract_number=row.contract_number,
        customer_code=row.customer_code,
        customer_name=row.customer_name,
        issued_on=day(row.issued_on),
        amount=money(row.amount_fen, row.currency),
        kind=row.kind,
        state=row.state,
        red_of=row.red_of,
    )


def service_call(row: Row[Any]) -> pb.ServiceCall:
    return pb.ServiceCall(
        call_id=row.call_id,
        customer_code=row.customer_code,
        customer_name=row.customer_name,
        order_id=row.order_id,
        product_code=row.product_code,
        subject=row.subject,
        engineer=row.engineer,
        reported_at=instant(row.reported_at),
        responded_at=instant(row.responded_at),
        closed_at=instant(row.closed_at),
        state=row.state,
        response_minutes=response_minutes(row.reported_at, row.responded_at),
    )


def stock_item(row: Row[Any], today: date) -> pb.StockItem:
    return pb.StockItem(
        stock_id=row.stock_id,
        product_code=row.product_code,
        product_name=row.product_name or "",
        warehouse=row.warehouse,
        quantity=_plain(row.quantity),
        available="" if row.available is None else _plain(row.available),
        unit=row.unit,
        counted_at=instant(row.counted_at),
        registration_ends_on=day(row.registration_ends_on),
        registration_ended=registration_ended(row.registration_ends_on, today),
    )


def _plain(quantity: Decimal) -> str:
    return format(quantity, "f")
