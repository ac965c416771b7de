"""Whom a record is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.errors import NotFound


class PartyNotFound(NotFound):
    en = "There is no such lead or customer."
    zh = "没有找到该线索或客户。"


@dataclass(frozen=True)
class Lead:
    lead_id: str
    owner_id: str
    unit: str
    customer_id: str
    assigned_at: datetime


@dataclass(frozen=True)
class Party:
    """Empty ids: nobody known yet."""

    lead_id: str = ""
    customer_id: str = ""

    @property
    def known(self) -> bool:
        return bool(self.lead_id or self.customer_id)


def choose_lead(found: Sequence[Lead], rep_id: str) -> Party:
    """Of several leads with one phone or chat id: the rep's own, then the one assigned last."""
    if not found:
        return Party()
    best = max(found, key=lambda lead: (lead.owner_id == rep_id, lead.assigned_at, lead.lead_id))
    return Party(best.lead_id, best.customer_id)
