"""When an approval of DingTalk is over, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from integration.feeds.rules import KeyText, ShortText

INSTANCE_CHANGED = "bpms_instance_change"
ENDS = ("finish", "terminate")
RESULTS = {"agree": "agreed", "refuse": "refused"}


@dataclass(frozen=True)
class ApprovalCompleted:
    """`result`: agreed, refused, withdrawn. `applicant_id`: "" when it is nobody of ours."""

    approval_id: str
    source: str
    process_code: str
    title: str
    applicant_id: str
    result: str
    requested_at: datetime
    completed_at: datetime
    url: str


class InstanceChange(BaseModel):
    """In DingTalk's words; times are milliseconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    approval_id: KeyText = Field(alias="processInstanceId")
    process_code: ShortText = Field(default="", alias="processCode")
    title: ShortText = ""
    staff_id: ShortText = Field(default="", alias="staffId")
    type: KeyText
    result: ShortText = ""
    requested_ms: int = Field(alias="createTime", ge=0, lt=10**14)
    finished_ms: int | None = Field(default=None, alias="finishTime", ge=0, lt=10**14)
    url: str = Field(default="", max_length=2000)


def completed(event: Mapping[str, Any], source: str, now: datetime) -> ApprovalCompleted | None:
    """None while it is under way; the applicant still in DingTalk's own id. Raises ValueError when cut short."""
    told = InstanceChange.model_validate(event)
    if told.type not in ENDS:
        return None
    return ApprovalCompleted(
        approval_id=told.approval_id,
        source=source,
        process_code=told.process_code,
        title=told.title,
        applicant_id=told.staff_id,
        result=_result(told),
        requested_at=_instant(told.requested_ms),
        completed_at=_instant(told.finished_ms) if told.finished_ms is not None else now,
        url=told.url if told.url.startswith("https://") else "",
    )


def _result(told: InstanceChange) -> str:
    if told.type == "terminate":
        return "withdrawn"
    if told.result not in RESULTS:
        raise ValueError("result")
    return RESULTS[told.result]


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
