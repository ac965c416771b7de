"""Decided grades are kept, noted with the reason, and told where the one that counts is another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.unit_of_work import Transaction
from leads.customer_grades import store
from leads.customer_grades.events import CustomerGraded
from leads.customer_grades.rules import Kind
from leads.customer_grades.standing_rules import Standing
from leads.customer_grades.store import Change
from leads.customers.events import CustomerUpdated
from leads.customers.rules import Customer
from leads.customers.store import facts_of, save_all

# What a person has said; the rest happens by itself.
_SAID = {Kind.OVERRIDDEN, Kind.WITHDRAWN}


def settle(
    tx: Transaction, customers: Mapping[str, Customer], kept: Sequence[Standing], changes: Sequence[Change]
) -> None:
    """Of locked customers. `changes`: what is noted of those among `kept` of which something decisive changed."""
    store.save(tx, kept)
    store.note(tx, changes)
    whose = [(customers[each.after.customer_id], each) for each in changes]
    changed = save_all(tx, [(one, _columns(one, each)) for one, each in whose if each.after.grade is not one.grade])
    for facts in facts_of(tx, changed):
        tx.record(CustomerUpdated(facts, facts.customer_id))
    for one, each in whose:
        if each.after.grade is not each.before.grade:
            tx.record(_told(tx, each, one))


def _columns(customer: Customer, change: Change) -> dict[str, Any]:
    return {"grade": change.after.grade, "by_itself": customer.by_itself + (change.kind not in _SAID)}


def _told(tx: Transaction, change: Change, customer: Customer) -> CustomerGraded:
    after = change.after
    return CustomerGraded(
        customer_id=customer.customer_id,
        before=_letter(change.before),
        after=_letter(after),
        kind=change.kind.value,
        score=(after.verdict.score if after.verdict else None) or 0.0,
        reason=change.words[0],
        reason_zh=change.words[1],
        actor=tx.identity.subject,
        owner_id=customer.owner_id,
        unit=customer.unit,
        graded_at=tx.now,
    )


def _letter(standing: Standing) -> str:
    return standing.grade.value if standing.grade else ""
