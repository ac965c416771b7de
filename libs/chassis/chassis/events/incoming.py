"""What arrives: the raw record of a topic and the decoded event that a handler gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Cause:
    """Why an event happened: the event or request before it, and the first one of the whole chain."""

    causation_id: str
    correlation_id: str


@dataclass(frozen=True)
class Record:
    """A message as the broker gave it, headers decoded."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    data: bytes

    @property
    def type(self) -> str:
        return self.headers.get("ce_type", "")

    @property
    def event_id(self) -> str:
        return self.headers.get("ce_id", "")


@dataclass(frozen=True)
class Incoming:
    """An event as a handler sees it. `message` is the protobuf message of its contract; `attempt` counts from 1."""

    id: str
    type: str
    time: datetime
    key: str
    message: Any
    causation_id: str
    correlation_id: str
    attempt: int = 1
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def cause(self) -> Cause:
        """What events recorded while handling this one name as their cause."""
        return Cause(self.id, self.correlation_id or self.id)
