"""A call as the telephone system records it, and as it is told on (A5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import phonenumbers
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from integration.feeds.rules import KeyText, content_hash

HOME = "CN"
WITHHELD = ("", "anonymous", "unknown")
LONGEST_CALL = 86_400
DIRECTIONS = {"OUT": "outbound", "IN": "inbound"}
SPEAKERS = {"AGENT": "rep", "CUSTOMER": "customer"}


def e164(written: object) -> str:
    """Any usual notation of a number; "" when it is withheld. The refusal does not repeat it. Raises ValueError."""
    if str(written or "").strip().lower() in WITHHELD:
        return ""
    try:
        number = phonenumbers.parse(str(written), HOME)
    except phonenumbers.NumberParseException:
        raise ValueError("no phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise ValueError("no phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


@dataclass(frozen=True)
class CallUtterance:
    """`speaker`: rep or customer; the offset is from the start of the call."""

    speaker: str
    offset_seconds: int
    text: str


@dataclass(frozen=True)
class CallTranscribed:
    external_id: str
    rep_id: str
    direction: str
    phone: str
    started_at: datetime
    duration_seconds: int
    connected: bool
    transcript: tuple[CallUtterance, ...]


class Spoken(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    speaker: Literal["AGENT", "CUSTOMER"]
    offset_ms: int = Field(alias="offsetMs", ge=0, le=LONGEST_CALL * 1000)
    text: Text


class CallRecord(BaseModel):
    """In the telephone system's words. `agentId` is the employee's number."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    external_id: KeyText = Field(alias="callId")
    rep_id: KeyText = Field(alias="agentId")
    direction: Literal["OUT", "IN"]
    phone: Annotated[str, BeforeValidator(e164)] = Field(default="", alias="customerNumber")
    started_at: AwareDatetime = Field(alias="startedAt")
    duration_seconds: int = Field(alias="durationSeconds", ge=0, le=LONGEST_CALL)
    status: Literal["ANSWERED", "NO_ANSWER", "BUSY", "FAILED"]
    transcript: tuple[Spoken, ...] = Field(default=(), max_length=2000)


@dataclass(frozen=True)
class Told:
    """What is kept of a call: hashes of its facts and of its words, the second empty while there are none."""

    facts: bytes
    transcript: bytes

    def after(self, before: Told | None) -> Told:
        """A transcript that was there is never taken away by a record without one."""
        return self if before is None or self.transcript else Told(self.facts, before.transcript)


def told(record: CallRecord) -> Told:
    body = record.model_dump()
    words = body.pop("transcript")
    return Told(content_hash(body), content_hash(words) if words else b"")


def transcribed(record: CallRecord) -> CallTranscribed:
    return CallTranscribed(
        external_id=record.external_id,
        rep_id=record.rep_id,
        direction=DIRECTIONS[record.direction],
        phone=record.phone,
        started_at=record.started_at,
        duration_seconds=record.duration_seconds,
        connected=record.status == "ANSWERED",
        transcript=tuple(
            CallUtterance(SPEAKERS[each.speaker], each.offset_ms // 1000, each.text) for each in record.transcript
        ),
    )
