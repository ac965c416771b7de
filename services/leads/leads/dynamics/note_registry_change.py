"""The company register tells a customer's company otherwise than before: a line of its dynamics (LD8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chassis.unit_of_work import Transaction
from leads.dynamics import store
from leads.dynamics.rules import Dynamic, FieldChange, Kind, registry_words


def note_registry_change(
    tx: Transaction, customer_id: str, version: int, changes: Sequence[FieldChange], at: datetime
) -> None:
    """The same version twice is one line."""
    en, zh = registry_words(changes)
    store.add(tx, [Dynamic(customer_id, Kind.REGISTRY, customer_id, version, at, en, zh)])
