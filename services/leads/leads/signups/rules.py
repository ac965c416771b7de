"""A sign-up at a point of sale → a lead (LD1.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.errors import InvalidInput
from leads.capture.rules import Arrival, clean

CHANNEL = "pos"


@dataclass(frozen=True)
class SignUp:
    """As integration tells it: somebody agreed to be called. No company: they signed up for themselves."""

    pos_customer_id: str
    name: str
    company_name: str
    phone: str
    store: str
    store_name: str
    province: str
    city: str
    signed_up_at: datetime


def arrival_of(sign_up: SignUp) -> Arrival:
    """Nothing is lost of a phone that can't be read: it goes into the need, for a person to make out."""
    shop = sign_up.store_name or sign_up.store
    arrival = Arrival(
        company_name=sign_up.company_name or sign_up.name or f"{shop}扫码客户",
        channel=CHANNEL,
        contact_name=sign_up.name,
        phone=sign_up.phone,
        province=sign_up.province,
        city=sign_up.city,
        need=f"门店扫码注册：{shop}",
    )
    try:
        clean(arrival)
    except InvalidInput:
        return replace(arrival, phone="", need=f"{arrival.need}；电话待核实：{sign_up.phone}")
    return arrival


def words(sign_up: SignUp) -> tuple[str, str]:
    shop = sign_up.store_name or sign_up.store
    return f"{sign_up.name} signed up at {shop}.", f"{sign_up.name}在{shop}扫码注册。"
