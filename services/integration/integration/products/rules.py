"""Products as the ERP tells them, with what the law asks of medical devices (N1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from chassis.kernel.money import Money
from integration.erp.record_rules import Currency, ErpRecord, ExactYuan, Number
from integration.feeds.rules import KeyText, ShortText


class ProductRecord(ErpRecord):
    """One product in the ERP's words."""

    product_code: Number = Field(alias="ProductCode")
    name: KeyText = Field(alias="ProductName")
    category: ShortText = Field(alias="Category", default="")
    unit: ShortText = Field(alias="Unit", default="")
    list_price: Annotated[ExactYuan, Field(ge=0)] = Field(alias="ListPrice")
    currency: Currency = Field(alias="Currency", default="CNY")
    # 医疗器械注册证编号
    registration_number: ShortText = Field(alias="RegistrationNo", default="")
    registration_ends_on: date | None = Field(alias="RegistrationExpiresOn", default=None)
    active: bool = Field(alias="Active", default=True, strict=True)


@dataclass(frozen=True)
class ProductChanged:
    """`registration_ends_on`: the last day on which it may be sold; None when its registration doesn't end."""

    product_code: str
    version: int
    name: str
    category: str
    list_price: Money
    registration_number: str
    registration_ends_on: date | None
    active: bool


def registration_ended(ends_on: date | None, today: date) -> bool:
    """The last day still counts."""
    return ends_on is not None and today > ends_on
