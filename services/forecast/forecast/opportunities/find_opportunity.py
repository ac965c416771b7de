"""Find an opportunity the caller may see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.errors import EtagMismatch
from chassis.unit_of_work import Transaction
from forecast.opportunities import store
from forecast.opportunities.rules import OpportunityNotFound


def find_opportunity(tx: Transaction, opportunity_id: str) -> Row[Any]:
    """Raises OpportunityNotFound."""
    found = store.load(tx, opportunity_id)
    if found is None:
        raise OpportunityNotFound()
    return found


def lock_opportunity(tx: Transaction, opportunity_id: str, etag: str = "") -> Row[Any]:
    """For a change. Raises OpportunityNotFound, EtagMismatch."""
    found = store.lock(tx, opportunity_id)
    if found is None:
        raise OpportunityNotFound()
    if etag and etag != str(found.version):
        raise EtagMismatch()
    return found
