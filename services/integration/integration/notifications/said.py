"""Values of an event, as texts for people take them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from chassis.kernel.money import Money


def values(said: Any, *names: str) -> dict[str, object]:
    return {name: _plain(said, name) for name in names}


def _plain(said: Any, name: str) -> object:
    """Instants as datetime, absent ones as None."""
    value = getattr(said, name)
    if not hasattr(value, "ToDatetime"):
        return value
    return value.ToDatetime(tzinfo=UTC) if said.HasField(name) else None


def money(said: Any) -> Money:
    return Money(int(said.fen), said.currency or "CNY")
