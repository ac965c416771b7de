"""Rights came or went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class GrantChanged:
    """`change`: granted, revoked, expired."""

    employee_id: str
    grant_id: str
    duty: str
    change: str
    actor: str
    reason: str
    until: datetime | None
