"""Leads of the past, won and lost: conversion starts from facts (LD3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.errors import InvalidInput, Violation
from chassis.unit_of_work import Transaction
from leads.history import store
from leads.history.store import Step
from leads.lead.rules import Grade
from leads.scoring.field_rules import Facts
from leads.scoring.store import keep_facts


@dataclass(frozen=True)
class ClosedLead:
    """`external_id` is the lead's id, or its key in the system it comes from."""

    external_id: str
    owner_id: str
    grade: Grade
    won: bool
    closed_at: datetime
    # What was known of it early on; None: nothing that a score could be learned from.
    facts: Facts | None = None
    steps: tuple[Step, ...] = ()


def import_closed_leads(tx: Transaction, leads: Sequence[ClosedLead]) -> int:
    """How many were new; known ones are skipped. Raises InvalidInput for a date in the future."""
    late = [
        Violation(f"leads[{at}].closed_at", "lies in the future.", "不能是将来的时间。")
        for at, each in enumerate(leads)
        if each.closed_at > tx.now
    ]
    if late:
        raise InvalidInput.of(*late)
    taken = store.keep(tx, leads)
    keep_facts(tx, {each.external_id: (each.closed_at, each.facts) for each in leads if each.facts})
    store.keep_steps(tx, [step for each in leads for step in each.steps])
    tx.audit(action="closed_leads.import", entity="closed_leads", entity_id="all", after={"taken": taken})
    return taken
