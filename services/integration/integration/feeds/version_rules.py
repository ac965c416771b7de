"""Records that carry their source's version: the newest counts, in a page and beside what we hold (N1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from integration.feeds.rules import Outcome, Raw, Rejection, content_hash, decoded, refusal


class Versioned(BaseModel):
    """A record in its source's words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source_version: int = Field(alias="Version", ge=0, le=2**31 - 1)


class Held(Protocol):
    """The row we hold of a record."""

    @property
    def source_version(self) -> int: ...

    @property
    def content_hash(self) -> bytes: ...


R = TypeVar("R", bound=Versioned)


class Arrival(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    CORRECTED = "corrected"


def newest(records: Sequence[Raw], model: type[R], key: str, outcome: Outcome) -> dict[str, R]:
    """The highest version of each `key`, a field of the model; what can't be read is rejected in `outcome`."""
    told: dict[str, R] = {}
    for raw in records:
        body = decoded(raw)
        if body is None:
            outcome.rejections.append(Rejection(raw, "not a JSON object", "不是 JSON 对象"))
            continue
        try:
            record = model.model_validate(body)
        except ValidationError as failure:
            named = model.model_fields[key].alias or key
            outcome.rejections.append(refusal(raw, failure, str(body.get(named, ""))[:60]))
            continue
        known = told.get(getattr(record, key))
        if known is None or record.source_version >= known.source_version:
            told[getattr(record, key)] = record
    return told


def compared(row: Held | None, record: Versioned) -> tuple[Arrival, bytes]:
    """What a record is beside the row we hold of it, and the hash of its content."""
    content = content_hash(record.model_dump(exclude={"source_version"}))
    held = (row.source_version, bytes(row.content_hash)) if row else None
    return arrival(held, record.source_version, content), content


def arrival(known: tuple[int, bytes] | None, version: int, content: bytes) -> Arrival:
    """`known`: the version and content hash we hold.

    An older version is a late repetition; a newer one that says the same becomes the version we hold, no more.
    The same version with other content is a correction: the source is believed.
    """
    if known is None:
        return Arrival.NEW
    known_version, known_content = known
    if version < known_version or content == known_content:
        return Arrival.DUPLICATE
    return Arrival.CORRECTED
