"""Invoices as the ERP tells them, and what is told on. A red one (红字发票) takes an amount back: it is negative."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from chassis.kernel.money import Money
from integration.erp.record_rules import Currency, ErpRecord, ExactYuan, Number, Word
from integration.feeds.rules import KeyText, ShortText


class InvoiceKind(StrEnum):
    BLUE = "BLUE"
    RED = "RED"


class InvoiceState(StrEnum):
    ISSUED = "ISSUED"
    # 作废
    VOID = "VOID"


class InvoiceRecord(ErpRecord):
    """One invoice in the ERP's words. `amount` includes tax (价税合计)."""

    invoice_id: Number = Field(alias="InvoiceId")
    invoice_number: ShortText = Field(alias="InvoiceNo", default="")
    order_id: ShortText = Field(alias="OrderId", default="")
    contract_number: ShortText = Field(alias="ContractNo", default="")
    customer_code: KeyText = Field(alias="CustomerCode")
    customer_name: ShortText = Field(alias="CustomerName", default="")
    issued_on: date = Field(alias="IssuedOn")
    amount: ExactYuan = Field(alias="Amount")
    currency: Currency = Field(alias="Currency", default="CNY")
    told_kind: Annotated[InvoiceKind, Word] = Field(alias="Kind", default=InvoiceKind.BLUE)
    # The invoice that a red one takes back.
    red_of: ShortText = Field(alias="RedOf", default="")
    state: Annotated[InvoiceState, Word] = Field(alias="Status", default=InvoiceState.ISSUED)

    @property
    def kind(self) -> InvoiceKind:
        """Red by its word or by its sign: systems write one, the other or both."""
        return InvoiceKind.RED if self.told_kind is InvoiceKind.RED or self.amount < 0 else InvoiceKind.BLUE

    @property
    def value(self) -> Money:
        """Below zero for a red one, nothing for a void one."""
        if self.state is InvoiceState.VOID:
            return Money(0, self.currency)
        amount = abs(self.amount)
        return Money.of(-amount if self.kind is InvoiceKind.RED else amount, self.currency)


@dataclass(frozen=True)
class InvoiceReceived:
    """`kind`: blue or red; `state`: issued or void. The amount is what counts: red below zero, void nothing."""

    invoice_id: str
    version: int
    invoice_number: str
    order_id: str
    contract_number: str
    customer_code: str
    customer_name: str
    amount: Money
    issued_on: date
    kind: str
    state: str
    red_of: str
