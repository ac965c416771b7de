"""Sales of the points of sale and promotions as contract messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from closeloop.integration.v1 import retail_service_pb2 as pb
from integration.mapping.common import day, money


def sales(row: Row[Any]) -> pb.PosSales:
    return pb.PosSales(
        region=row.region, category=row.category, sku=row.sku, units=int(row.units), amount=money(int(row.fen))
    )


def promotion(row: Row[Any]) -> pb.Promotion:
    return pb.Promotion(
        promotion_id=row.promotion_id,
        version=row.version,
        name=row.name,
        region=row.region,
        skus=row.skus,
        starts_on=day(row.starts_on),
        ends_on=day(row.ends_on),
        cost=money(row.cost_fen, row.currency),
        state=row.state,
    )
