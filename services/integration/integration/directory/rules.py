"""Employees as HR tells them, and what of a change is told on (N3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from integration.feeds.rules import KeyText, ShortText

UnitPath = Annotated[str, StringConstraints(pattern=r"^/([^/\x00]+/)+$", max_length=200)]


class Status(StrEnum):
    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    FROZEN = "frozen"
    DISABLED = "disabled"
    DEPARTED = "departed"


class EmployeeRecord(BaseModel):
    """One employee in HR's words. An unknown status is refused: guessing could let a departed one in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    employee_id: Annotated[KeyText, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")] = Field(
        alias="employeeId"
    )
    name: Annotated[ShortText, StringConstraints(min_length=1)]
    status: Status
    unit: UnitPath = Field(alias="orgPath")
    unit_name: ShortText = Field(alias="orgName", default="")
    region_name: ShortText = Field(alias="regionName", default="")
    manager_id: ShortText = Field(alias="managerId", default="")
    position: ShortText
    hired_on: date | None = Field(alias="hiredOn", default=None)
    left_on: date | None = Field(alias="leftOn", default=None)
    email: ShortText = ""
    wecom_user_id: ShortText = Field(alias="wecomUserId", default="")
    # When HR changed the record; decides nothing about whether it can be read.
    updated_at: AwareDatetime | None = Field(alias="updatedAt", default=None)

    @field_validator("updated_at", mode="wrap")
    @classmethod
    def _or_absent(cls, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        try:
            return read(value)
        except ValidationError:
            return None

    @field_validator("status", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("unit_name", "region_name", "manager_id", "email", "wecom_user_id", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return "" if value is None else value

    def facts(self) -> dict[str, Any]:
        """Columns of the employee, without id and the instant of the change."""
        return {**self.model_dump(exclude={"employee_id", "updated_at"}), "status": self.status.value}


class UnitRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    path: UnitPath
    name: ShortText = ""
    manager_id: ShortText = Field(alias="managerId", default="")

    @field_validator("name", "manager_id", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return "" if value is None else value


@dataclass(frozen=True)
class EmployeeChanged:
    employee_id: str
    version: int
    name: str
    status: str
    status_before: str
    unit: str
    unit_name: str
    region_name: str
    manager_id: str
    position: str
    hired_on: date | None
    left_on: date | None
    email: str
    wecom_user_id: str
    as_of: datetime
    duties: tuple[str, ...]
    status_since: datetime | None


def differs(known: Mapping[str, Any], record: EmployeeRecord) -> bool:
    return any(known[name] != value for name, value in record.facts().items())


def honest_as_of(told: datetime, now: datetime) -> datetime:
    """HR's answer can't be newer than the moment it was read."""
    return min(told, now)
