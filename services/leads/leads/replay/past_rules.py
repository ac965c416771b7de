"""A lead of the past as it is played again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.assignment.input_rules import Wanted


@dataclass(frozen=True)
class Past:
    """`held`: from the first owner to the end, None when it is still open. `fixed`: whose it was without a contest."""

    wanted: Wanted
    at: datetime
    held: timedelta | None
    owner: str
    fixed: bool
