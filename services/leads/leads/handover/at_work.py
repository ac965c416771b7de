"""The handovers that one pass works through (LD10.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from leads.assignment.assigner import Assigner
from leads.handover import store
from leads.handover.rules import HandoverState


def at_work(assigner: Assigner, state: HandoverState) -> Iterator[Row[Any]]:
    """All of them, oldest first: those that stay as they are, held for good or failing, keep none from its turn."""
    after: str | None = None
    while page := _page(assigner, state, after):
        yield from page
        after = page[-1].handover_id


def _page(assigner: Assigner, state: HandoverState, after: str | None) -> list[Row[Any]]:
    with assigner.uow.read(assigner.identity) as tx:
        return list(store.at_work(tx, state, after))
