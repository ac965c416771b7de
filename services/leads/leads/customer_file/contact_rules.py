"""Contacts of a customer: who decides, who reports to whom (决策链)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.errors import InvalidInput, Violation
from leads.normalise.number_rules import FieldProblem, e164


class Role(StrEnum):
    DECISION_MAKER = "decision_maker"
    INFLUENCER = "influencer"
    USER = "user"
    GATEKEEPER = "gatekeeper"


@dataclass(frozen=True)
class ContactEntry:
    """What people enter."""

    name: str
    title: str = ""
    role: Role | None = None
    reports_to: str | None = None
    phone: str = ""
    wecom_id: str = ""
    email: str = ""
    is_primary: bool = False


@dataclass(frozen=True)
class Contact(ContactEntry):
    contact_id: str = ""
    customer_id: str = ""
    version: int = 1
    added_by: str = ""
    added_at: datetime | None = None
    retired_at: datetime | None = None
    retired_why: str = ""
    import_id: str | None = None

    @property
    def etag(self) -> str:
        return str(self.version)


def clean(entry: ContactEntry, contact_id: str, bosses: Mapping[str, str | None]) -> dict[str, object]:
    """The entry as it is stored. `bosses`: contacts of the customer that are there → whom they report to.

    Raises InvalidInput with each field that can't be kept.
    """
    problems = []
    values = {**vars(entry), "name": entry.name.strip(), "title": entry.title.strip(), "email": entry.email.strip()}
    if not values["name"]:
        problems.append(Violation("contact.name", "is required.", "不能为空。"))
    try:
        values["phone"] = e164(entry.phone)
    except FieldProblem as problem:
        problems.append(Violation("contact.phone", problem.violation.en, problem.violation.zh))
    if entry.reports_to is not None and entry.reports_to not in bosses:
        en, zh = "is no contact of this customer.", "不是该客户的联系人。"
        problems.append(Violation("contact.reports_to", en, zh))
    elif goes_round(contact_id, entry.reports_to, bosses):
        en, zh = "would make the chain go round in a circle.", "会使汇报关系成环。"
        problems.append(Violation("contact.reports_to", en, zh))
    if problems:
        raise InvalidInput.of(*problems)
    return values


def goes_round(contact_id: str, reports_to: str | None, bosses: Mapping[str, str | None]) -> bool:
    """Whether whoever the contact reports to reports, after whatever steps, to the contact."""
    above, seen = reports_to, set[str]()
    while above is not None and above not in seen:
        if above == contact_id:
            return True
        seen.add(above)
        above = bosses.get(above)
    return False
