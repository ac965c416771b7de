"""Service calls (售后工单) as the ERP tells them: what a customer asked for, who answered when, when it was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from integration.erp.record_rules import ErpRecord, Number, Word
from integration.feeds.rules import KeyText, ShortText


class CallState(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class ServiceCallRecord(ErpRecord):
    """One service call in the ERP's words."""

    call_id: Number = Field(alias="CallId")
    customer_code: KeyText = Field(alias="CustomerCode")
    customer_name: ShortText = Field(alias="CustomerName", default="")
    order_id: ShortText = Field(alias="OrderId", default="")
    product_code: ShortText = Field(alias="ProductCode", default="")
    subject: ShortText = Field(alias="Subject", default="")
    engineer: ShortText = Field(alias="Engineer", default="")
    reported_at: AwareDatetime = Field(alias="ReportedAt")
    responded_at: AwareDatetime | None = Field(alias="RespondedAt", default=None)
    closed_at: AwareDatetime | None = Field(alias="ClosedAt", default=None)
    state: Annotated[CallState, Word] = Field(alias="Status", default=CallState.OPEN)


@dataclass(frozen=True)
class ServiceCallRecorded:
    """`state`: open or closed."""

    call_id: str
    version: int
    customer_code: str
    customer_name: str
    order_id: str
    product_code: str
    subject: str
    reported_at: datetime
    responded_at: datetime | None
    closed_at: datetime | None
    state: str


def response_minutes(reported_at: datetime, responded_at: datetime | None) -> int | None:
    """None while nobody answered; never below zero, whatever the clocks of two systems say."""
    return None if responded_at is None else max(int((responded_at - reported_at).total_seconds() // 60), 0)
