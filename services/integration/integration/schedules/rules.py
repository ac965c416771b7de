"""Production schedules (排产) as the ERP tells them: when what was ordered is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from integration.erp.record_rules import ErpRecord, Number, Quantity, Word
from integration.feeds.rules import KeyText, ShortText


class ScheduleState(StrEnum):
    PLANNED = "PLANNED"
    STARTED = "STARTED"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"


class ScheduleRecord(ErpRecord):
    """One line of a schedule in the ERP's words."""

    schedule_id: Number = Field(alias="ScheduleId")
    order_id: KeyText = Field(alias="OrderId")
    product_code: ShortText = Field(alias="ProductCode", default="")
    product_name: ShortText = Field(alias="ProductName", default="")
    quantity: Quantity = Field(alias="Quantity")
    starts_on: date | None = Field(alias="StartsOn", default=None)
    ready_on: date = Field(alias="ReadyOn")
    plant: ShortText = Field(alias="Plant", default="")
    state: Annotated[ScheduleState, Word] = Field(alias="Status", default=ScheduleState.PLANNED)


@dataclass(frozen=True)
class OrderScheduled:
    """`state`: planned, started, finished or cancelled. `ready_on`: when it can be delivered."""

    schedule_id: str
    version: int
    order_id: str
    product_code: str
    product_name: str
    quantity: Decimal
    starts_on: date | None
    ready_on: date
    state: str
