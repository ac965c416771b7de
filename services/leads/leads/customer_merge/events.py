"""Two records of one customer became one, or are two again; named and shaped like the messages of events.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CustomerMerged:
    """`version`: of the merged record; owner and unit of the one that goes on."""

    merged_id: str
    kept_id: str
    merge_id: str
    version: int
    owner_id: str
    unit: str
    merged_at: datetime


@dataclass(frozen=True)
class CustomerUnmerged:
    """Owner and unit of the one that is back."""

    merged_id: str
    kept_id: str
    merge_id: str
    version: int
    owner_id: str
    unit: str
    unmerged_at: datetime
