"""On whose behalf a deal changes: one transaction takes the words of many sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

# What is recorded inside names an event as its cause.
Behalf = Callable[[], AbstractContextManager[object]]


class Causes:
    """By deal. A deal that moves with another's is left to whoever handles them all."""

    def __init__(self, by_deal: Mapping[str, Behalf] | None = None) -> None:
        self._by_deal = by_deal or {}

    def of(self, deal_key: str) -> AbstractContextManager[object]:
        return self._by_deal.get(deal_key, nullcontext)()
