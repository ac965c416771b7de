"""Products as the ERP tells them, with what the law asks of medical devices (N1.1)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from integration.feeds.rules import KeyText, ShortText
from integration.feeds.version_rules import Versioned
from integration.orders.rules import Currency, Yuan


class ProductRecord(Versioned):
    """One product in the ERP's words."""

    product_code: Annotated[KeyText, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")] = Field(
        alias="ProductCode"
    )
    name: KeyText = Field(alias="ProductName")
    category: ShortText = Field(alias="Category", default="")
    unit: ShortText = Field(alias="Unit", default="")
    list_price: Annotated[Yuan, Field(ge=0)] = Field(alias="ListPrice")
    currency: Currency = Field(alias="Currency", default="CNY")
    # 医疗器械注册证编号
    registration_number: ShortText = Field(alias="RegistrationNo", default="")
    registration_ends_on: date | None = Field(alias="RegistrationExpiresOn", default=None)
    active: bool = Field(alias="Active", default=True, strict=True)

    @field_validator("category", "unit", "registration_number", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("list_price", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        if isinstance(value, float):
            raise ValueError("a float is no exact amount")
        return value


def registration_ended(ends_on: date | None, today: date) -> bool:
    """The last day still counts."""
    return ends_on is not None and today > ends_on
