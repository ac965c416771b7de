"""What happened to a customer; named and shaped like the messages of events.proto."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CustomerFacts:
    customer_id: str
    version: int
    customer_code: str
    name: str
    uscc: str
    customer_class: str
    grade: str
    industry: str
    province: str
    city: str
    owner_id: str
    unit: str


@dataclass(frozen=True)
class CustomerCreated:
    customer: CustomerFacts
    customer_id: str


@dataclass(frozen=True)
class CustomerUpdated:
    customer: CustomerFacts
    customer_id: str


@dataclass(frozen=True)
class CustomerOwnerChanged:
    """`version`: of the customer with its new owner. `handover_id` empty: not by a handover."""

    customer_id: str
    before: str
    after: str
    unit: str
    version: int
    handover_id: str = ""
