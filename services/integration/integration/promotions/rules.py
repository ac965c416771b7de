"""Promotions as the marketing system tells them, with what they cost (N1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from chassis.kernel.money import Money
from integration.erp.record_rules import Currency, ErpRecord, ExactYuan, Number
from integration.feeds.rules import KeyText, ShortText


class State(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


class PromotionRecord(ErpRecord):
    """In the source's words. The last day still counts."""

    promotion_id: Number = Field(alias="PromotionId")
    name: KeyText = Field(alias="Name")
    region: ShortText = Field(alias="Region", default="")
    skus: Annotated[tuple[KeyText, ...], Field(max_length=5000)] = Field(alias="Skus", default=())
    starts_on: date = Field(alias="StartsOn")
    ends_on: date = Field(alias="EndsOn")
    cost: Annotated[ExactYuan, Field(ge=0)] = Field(alias="Cost")
    currency: Currency = Field(alias="Currency", default="CNY")
    state: State = Field(alias="Status")

    @field_validator("state", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends before it starts")
        return self

    @property
    def money(self) -> Money:
        return Money.of(self.cost, self.currency)


@dataclass(frozen=True)
class PromotionChanged:
    """A promotion is new or changed; all of it as it is now. No region: everywhere; no SKUs: all."""

    promotion_id: str
    version: int
    name: str
    region: str
    skus: tuple[str, ...]
    starts_on: date
    ends_on: date
    cost: Money
    state: State
