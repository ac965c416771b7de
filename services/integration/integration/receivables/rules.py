"""Receivables as the ERP tells them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from integration.erp.record_rules import Currency, ErpRecord, ExactYuan
from integration.feeds.rules import KeyText, ShortText


class ReceivableRecord(ErpRecord):
    """One amount due in the ERP's words."""

    receivable_id: KeyText = Field(alias="ReceivableId")
    contract_number: KeyText = Field(alias="ContractNo")
    customer_code: KeyText = Field(alias="CustomerCode")
    customer_name: ShortText = Field(alias="CustomerName", default="")
    salesperson_id: ShortText = Field(alias="SalespersonId", default="")
    currency: Currency = Field(alias="Currency", default="CNY")
    amount: Annotated[ExactYuan, Field(ge=0)] = Field(alias="Amount")
    due_on: date = Field(alias="DueOn")
    virtual_account: ShortText = Field(alias="VirtualAccount", default="")
    payer_names: Annotated[list[ShortText], Field(max_length=50)] = Field(alias="PayerNames", default_factory=list)
