"""Orders as the ERP tells them, and what is told on."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from chassis.kernel.money import Money
from integration.erp.record_rules import MOST_LINES, Currency, ErpRecord, ExactYuan, Number, Quantity, Yuan
from integration.feeds.rules import KeyText, ShortText


class OrderState(StrEnum):
    ACTIVE = "active"
    CANCELLED = "cancelled"


class OrderLineRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    product_code: ShortText = Field(alias="ProductCode")
    product_name: ShortText = Field(alias="ProductName", default="")
    quantity: Quantity = Field(alias="Quantity")
    amount: Yuan = Field(alias="Amount")


class OrderRecord(ErpRecord):
    """One sales order in the ERP's words."""

    order_id: Number = Field(alias="OrderId")
    contract_number: ShortText = Field(alias="ContractNo", default="")
    customer_code: KeyText = Field(alias="CustomerCode")
    customer_name: ShortText = Field(alias="CustomerName", default="")
    salesperson_id: ShortText = Field(alias="SalespersonId", default="")
    currency: Currency = Field(alias="Currency", default="CNY")
    total: Annotated[ExactYuan, Field(ge=0)] = Field(alias="TotalAmount")
    signed_at: AwareDatetime = Field(alias="SignedAt")
    state: OrderState = Field(alias="Status")
    cancelled_at: AwareDatetime | None = Field(alias="CancelledAt", default=None)
    technical_service: bool = Field(alias="TechnicalService", default=False, strict=True)
    lines: Annotated[list[OrderLineRecord], Field(max_length=MOST_LINES)] = Field(alias="Lines", default_factory=list)
    # Where it was sold. Empty, it is no part of the content: orders of an ERP without stores are as they were.
    store: ShortText = Field(alias="StoreCode", default="", exclude_if=operator.not_)

    @field_validator("state", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value


@dataclass(frozen=True)
class OrderLineFacts:
    product_code: str
    product_name: str
    quantity: Decimal
    amount: Money


@dataclass(frozen=True)
class OrderFacts:
    order_id: str
    version: int
    contract_number: str
    customer_code: str
    customer_name: str
    salesperson_id: str
    amount: Money
    signed_at: datetime
    state: OrderState
    cancelled_at: datetime | None
    technical_service: bool
    lines: tuple[OrderLineFacts, ...]
    store: str = ""


@dataclass(frozen=True)
class OrderReceived:
    order_id: str
    order: OrderFacts


@dataclass(frozen=True)
class OrderChanged:
    order_id: str
    order: OrderFacts


def facts_of(record: OrderRecord, version: int) -> OrderFacts:
    """`version` is ours: it grows by one with each change we publish."""
    lines = tuple(
        OrderLineFacts(each.product_code, each.product_name, each.quantity, Money.of(each.amount, record.currency))
        for each in record.lines
    )
    return OrderFacts(
        order_id=record.order_id,
        version=version,
        contract_number=record.contract_number,
        customer_code=record.customer_code,
        customer_name=record.customer_name,
        salesperson_id=record.salesperson_id,
        amount=Money.of(record.total, record.currency),
        signed_at=record.signed_at,
        state=record.state,
        cancelled_at=record.cancelled_at,
        technical_service=record.technical_service,
        lines=lines,
        store=record.store,
    )
