"""Products as contract messages."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row

from closeloop.common.v1.money_pb2 import Money
from closeloop.integration.v1 import product_service_pb2 as pb
from integration.products.rules import registration_ended


def product(row: Row[Any], today: date) -> pb.Product:
    ends = row.registration_ends_on
    return pb.Product(
        product_code=row.product_code,
        name=row.name,
        category=row.category,
        unit=row.unit,
        list_price=Money(fen=row.list_price_fen, currency=row.currency),
        registration_number=row.registration_number,
        registration_ends_on=ends.isoformat() if ends else "",
        registration_ended=registration_ended(ends, today),
        active=row.active,
    )
