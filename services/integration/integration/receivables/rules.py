"""Receivables as the ERP tells them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, field_validator

from integration.feeds.rules import KeyText, ShortText
from integration.feeds.version_rules import Versioned
from integration.orders.rules import Currency, Yuan


class ReceivableRecord(Versioned):
    """One amount due in the ERP's words."""

    receivable_id: KeyText = Field(alias="ReceivableId")
    contract_number: KeyText = Field(alias="ContractNo")
    customer_code: KeyText = Field(alias="CustomerCode")
    customer_name: ShortText = Field(alias="CustomerName", default="")
    salesperson_id: ShortText = Field(alias="SalespersonId", default="")
    currency: Currency = Field(alias="Currency", default="CNY")
    amount: Annotated[Yuan, Field(ge=0)] = Field(alias="Amount")
    due_on: date = Field(alias="DueOn")
    virtual_account: ShortText = Field(alias="VirtualAccount", default="")
    payer_names: Annotated[list[ShortText], Field(max_length=50)] = Field(alias="PayerNames", default_factory=list)

    @field_validator("customer_name", "salesperson_id", "virtual_account", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("payer_names", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return [] if value is None else value

    @field_validator("amount", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        if isinstance(value, float):
            raise ValueError("a float is no exact amount")
        return value
