"""Stock as the ERP tells it: how much of a product lies in a warehouse, and how much of it nobody has ordered yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import AwareDatetime, Field

from integration.erp.record_rules import ErpRecord, Number, Quantity
from integration.feeds.rules import KeyText, ShortText


class StockRecord(ErpRecord):
    """One product in one warehouse in the ERP's words."""

    stock_id: Number = Field(alias="StockId")
    product_code: KeyText = Field(alias="ProductCode")
    warehouse: KeyText = Field(alias="Warehouse")
    quantity: Quantity = Field(alias="Quantity")
    # None when the ERP doesn't say what is reserved.
    available: Quantity | None = Field(alias="Available", default=None)
    unit: ShortText = Field(alias="Unit", default="")
    counted_at: AwareDatetime = Field(alias="CountedAt")


@dataclass(frozen=True)
class StockChanged:
    stock_id: str
    version: int
    product_code: str
    warehouse: str
    quantity: Decimal
    available: Decimal | None
    counted_at: datetime
