"""Rows of history files as plain lines (LD1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chassis.kernel.money import Money
from leads.customer_file.contact_rules import Role
from leads.lead.rules import Grade


@dataclass(frozen=True)
class Whose:
    """How a row names its customer."""

    code: str = ""
    uscc: str = ""
    name_key: str = ""


@dataclass(frozen=True)
class CustomerLine:
    name: str
    whose: Whose
    phone: str
    customer_class: str
    grade: Grade | None
    industry: str
    size: str
    province: str
    city: str
    address: str
    needs: str
    owner_id: str
    since: datetime | None


@dataclass(frozen=True)
class ContactLine:
    """`reports_to`: by name, a contact of the same customer."""

    whose: Whose
    name: str
    title: str
    role: Role | None
    reports_to: str
    phone: str
    wecom_id: str
    email: str
    primary: bool


@dataclass(frozen=True)
class FollowUpLine:
    whose: Whose
    at: datetime
    channel: str
    text: str
    by: str
    need: str
    next_step: str
    external_id: str


@dataclass(frozen=True)
class OrderLine:
    whose: Whose
    order_number: str
    contract_number: str
    amount: Money
    signed_on: date
    store: str
    salesperson_id: str
