"""What the company register (工商登记) says of a customer, and what changed since it was asked last (N1.1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from integration.feeds.rules import KeyText, ShortText

Uscc = Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]


class CompanyRecord(BaseModel):
    """One company in the register's words (天眼查 “企业基本信息”)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    uscc: Uscc = Field(alias="creditCode")
    name: Annotated[ShortText, Field(min_length=1)] = Field(alias="name")
    legal_person: ShortText | None = Field(alias="legalPersonName", default=None)
    address: ShortText | None = Field(alias="regLocation", default=None)
    # 存续, 在业, 注销, 吊销, 迁出
    state: KeyText = Field(alias="regStatus")
    capital: ShortText | None = Field(alias="regCapital", default=None)
    parent: ShortText | None = Field(alias="parentCompany", default=None)
    # Left out: nothing is said about them; an empty list: there are none (any more).
    branches: Annotated[tuple[KeyText, ...], Field(max_length=5000)] | None = Field(alias="branches", default=None)
    # Milliseconds since 1970, when the register last looked.
    updated: int = Field(alias="updateTimes", ge=0, le=2**53)


@dataclass(frozen=True)
class Company:
    """Compared field by field; an empty text, or None: the register doesn't say. `branches` are sorted."""

    name: str
    legal_person: str
    address: str
    state: str
    capital: str
    parent: str
    branches: tuple[str, ...] | None


@dataclass(frozen=True)
class RegistryFieldChange:
    """Of `branches`: those that are gone, and those that are new."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class RegistryChanged:
    """The register tells a customer's company otherwise than before. `version` grows by one with each change."""

    customer_id: str
    version: int
    uscc: str
    company_name: str
    changes: tuple[RegistryFieldChange, ...]
    updated_at: datetime


def company_of(record: CompanyRecord) -> Company:
    return Company(
        name=record.name,
        legal_person=record.legal_person or "",
        address=record.address or "",
        state=record.state,
        capital=record.capital or "",
        parent=record.parent or "",
        branches=None if record.branches is None else tuple(sorted(set(record.branches))),
    )


def updated_at(record: CompanyRecord) -> datetime:
    return datetime.fromtimestamp(record.updated / 1000, UTC)


def is_the_customer(record: CompanyRecord, uscc: str, name: str) -> bool:
    """By the code when we know it, else by the name; a search may well find another company."""
    return record.uscc == uscc if uscc else _key(record.name) == _key(name)


def merged(held: Company, told: Company) -> Company:
    """What the register says nothing about now stays as it was said before."""
    said = {field.name: getattr(told, field.name) for field in fields(Company)}
    return replace(held, **{name: value for name, value in said.items() if value not in ("", None)})


def changes_between(before: Company, after: Company) -> tuple[RegistryFieldChange, ...]:
    """In the order of the fields. What the register says nothing about any more is no change."""
    found: list[RegistryFieldChange] = []
    for field in fields(Company):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name == "branches":
            found.extend(_opened_and_closed(old, new))
        elif new and new != old:
            found.append(RegistryFieldChange(field.name, old, new))
    return tuple(found)


def _opened_and_closed(old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> list[RegistryFieldChange]:
    """Branches that are heard of for the first time were not opened just now."""
    if old is None or new is None or old == new:
        return []
    return [RegistryFieldChange("branches", _listed(set(old) - set(new)), _listed(set(new) - set(old)))]


def _listed(names: Sequence[str] | set[str]) -> str:
    return "、".join(sorted(names))


def _key(name: str) -> str:
    return re.sub(r"[\s()（）]", "", unicodedata.normalize("NFKC", name)).lower()
