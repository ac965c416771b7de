"""Sign-ups at a point of sale (扫码注册), and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, Field

from integration.erp.record_rules import ErpRecord
from integration.feeds.rules import KeyText, ShortText


class SignUpRecord(ErpRecord):
    """In the source's words."""

    pos_customer_id: KeyText = Field(alias="CustomerId")
    name: ShortText = Field(alias="Name", default="")
    company_name: ShortText = Field(alias="Company", default="")
    phone: KeyText = Field(alias="Phone")
    store: KeyText = Field(alias="Store")
    store_name: ShortText = Field(alias="StoreName", default="")
    province: ShortText = Field(alias="Province", default="")
    city: ShortText = Field(alias="City", default="")
    # 个人信息处理同意: without it nobody may call.
    consent: bool = Field(alias="Consent", strict=True)
    signed_up_at: AwareDatetime = Field(alias="SignedUpAt")


@dataclass(frozen=True)
class PosCustomerRegistered:
    """Somebody signed up and agreed to be called."""

    pos_customer_id: str
    name: str
    company_name: str
    phone: str
    store: str
    store_name: str
    province: str
    city: str
    signed_up_at: datetime


def to_tell(consent: bool, before: bool | None) -> bool:
    """Consent may come later than the sign-up. `before`: what was held; None for who is new."""
    return consent and not before
