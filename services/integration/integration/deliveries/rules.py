"""Deliveries as the ERP tells them, and what is told on. What comes back is a delivery with a negative amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from chassis.kernel.money import Money
from integration.erp.record_rules import Currency, ErpRecord, ExactYuan, Number, Word
from integration.feeds.rules import KeyText, ShortText


class DeliveryState(StrEnum):
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"


class DeliveryRecord(ErpRecord):
    """One delivery note in the ERP's words."""

    delivery_id: Number = Field(alias="DeliveryId")
    order_id: ShortText = Field(alias="OrderId", default="")
    contract_number: ShortText = Field(alias="ContractNo", default="")
    customer_code: KeyText = Field(alias="CustomerCode")
    customer_name: ShortText = Field(alias="CustomerName", default="")
    delivered_on: date = Field(alias="DeliveredOn")
    amount: ExactYuan = Field(alias="Amount")
    currency: Currency = Field(alias="Currency", default="CNY")
    state: Annotated[DeliveryState, Word] = Field(alias="Status", default=DeliveryState.DELIVERED)
    # Of the carrier (运单号).
    waybill: ShortText = Field(alias="WaybillNo", default="")

    @property
    def value(self) -> Money:
        """Nothing, once it is cancelled."""
        stands = self.state is DeliveryState.DELIVERED
        return Money.of(self.amount, self.currency) if stands else Money(0, self.currency)


@dataclass(frozen=True)
class Delivered:
    """`state`: delivered, or cancelled when the note is taken back."""

    delivery_id: str
    version: int
    order_id: str
    contract_number: str
    customer_code: str
    customer_name: str
    amount: Money
    delivered_on: date
    state: str
