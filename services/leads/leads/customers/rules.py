"""A customer as it is stored, and when a lead is one (LD1.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from leads.customers.events import CustomerFacts, CustomerOwnerChanged
from leads.lead.rules import Grade

# What people keep in the base layer of the file (LD9.1): of each it is known since which version it reads so.
BASE_FIELDS = (
    *("name", "customer_code", "uscc", "phone", "customer_class", "industry", "size", "province", "city", "address"),
    *("needs", "parent_customer_id"),
)


@dataclass(frozen=True)
class Customer:
    customer_id: str
    name: str
    name_key: str
    created_at: datetime
    customer_code: str | None = None
    uscc: str = ""
    phone: str = ""
    customer_class: str = ""
    grade: Grade | None = None
    industry: str = ""
    province: str = ""
    city: str = ""
    size: str = ""
    address: str = ""
    needs: str = ""
    owner_id: str = ""
    unit: str = ""
    parent_customer_id: str | None = None
    since: datetime | None = None
    import_id: str | None = None
    # The customer that goes on (LD1.4).
    merged_into: str | None = None
    version: int = 1
    # Of its versions, those that nobody made: computed grades, its owner's new unit, rows of the import it came with.
    by_itself: int = 0

    @property
    def is_changed(self) -> bool:
        """Whether somebody has changed it since it came in."""
        return self.version > 1 + self.by_itself

    @property
    def whole_id(self) -> str:
        """The customer that goes on: itself, unless it was merged."""
        return self.merged_into or self.customer_id

    @property
    def facts(self) -> CustomerFacts:
        """What neighbours project."""
        return CustomerFacts(
            customer_id=self.customer_id,
            version=self.version,
            customer_code=self.customer_code or "",
            name=self.name,
            uscc=self.uscc,
            customer_class=self.customer_class,
            grade=self.grade.value if self.grade else "",
            industry=self.industry,
            province=self.province,
            city=self.city,
            owner_id=self.owner_id,
            unit=self.unit,
        )

    def owner_changed(self, before: str, handover_id: str = "") -> CustomerOwnerChanged:
        """Of the one with its new owner. `handover_id` empty: not by a handover."""
        return CustomerOwnerChanged(self.customer_id, before, self.owner_id, self.unit, self.version, handover_id)


@dataclass(frozen=True)
class Firm:
    """What is known of a lead's firm when a customer is looked for. `parent_key` for a branch."""

    name_key: str
    parent_key: str | None
    uscc: str
    phone: str
    city: str


def same_firm(firm: Firm, candidates: Iterable[Customer], *, by_name: bool = False) -> Customer | None:
    """The customer that the firm is: by USCC; else by phone, unless the USCCs differ (LD1.3).

    `by_name`: else by the normalised name in the same city, good enough where a person looks on. A branch is linked
    to its parent, never taken for it.
    """
    ordered = sorted(candidates, key=lambda each: each.customer_id)
    by_code = [each for each in ordered if firm.uscc and each.uscc == firm.uscc]
    if by_code:
        return by_code[0]
    possible = [
        each
        for each in ordered
        if not (firm.uscc and each.uscc) and each.name_key != firm.parent_key and each.parent_customer_id is None
    ]
    for each in possible:
        if firm.phone and each.phone == firm.phone:
            return each
    for each in possible if by_name else ():
        if each.name_key == firm.name_key and (not firm.city or not each.city or firm.city == each.city):
            return each
    return None
