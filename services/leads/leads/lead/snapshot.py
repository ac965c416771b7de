"""Who has a lead and how it stands, put aside so that it can be put back exactly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.audit import plain
from leads.lead import store
from leads.lead.rules import Changes, Lead, State

_INSTANTS = (
    *("assigned_at", "accepted_at", "first_contact_at", "last_effective_action_at"),
    *("recycle_due_at", "waiting_since"),
)
_PLAIN = ("owner_id", "unit", "yellow", "reason", "reason_zh", "bounces", "recalls")


def standing(lead: Lead) -> dict[str, Any]:
    """As JSON holds it."""
    return {name: plain(getattr(lead, name)) for name in ("state", *_PLAIN, *_INSTANTS)}


def columns(lead: Lead) -> dict[str, Any]:
    """The whole row, as JSON holds it."""
    return {name: plain(value) for name, value in store.to_row(lead).items()}


def put_back(kept: Mapping[str, Any]) -> Changes:
    """What makes a lead stand as it did."""
    instants = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in _INSTANTS}
    return {"state": State(kept["state"]), **{name: kept[name] for name in _PLAIN}, **instants}
