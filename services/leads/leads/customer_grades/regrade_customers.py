"""Customers of whom more is known are graded anew, some hundred in a transaction (LD2.2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from chassis import policy_versions
from chassis.identity import of_service
from chassis.kernel.calendar import local_date
from chassis.policy import PolicySpec
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.customer_grades import store
from leads.customer_grades.facts_store import facts
from leads.customer_grades.policy import CustomerGradePolicy
from leads.customer_grades.rules import Kind, judge
from leads.customer_grades.settle import settle
from leads.customer_grades.standing_rules import Standing, judged, seen, words
from leads.customer_grades.store import Change
from leads.customers.rules import Customer

BATCH = 500


def regrade_due(uow: UnitOfWork, spec: PolicySpec[CustomerGradePolicy]) -> int:
    """How many. Killed in between, the marks of the rest are still there."""
    done = 0
    while True:
        with uow.begin(of_service(uow.service)) as tx:
            taken = store.take_due(tx, BATCH)
            # After the marks, and no copy of a second ago: who was marked with a new version is graded by it.
            live = policy_versions.live(tx, spec)
            regrade(tx, taken, live.version, spec.model.model_validate(live.body))
            tx.commit()
        done += len(taken)
        if not taken:
            return done


def regrade(tx: Transaction, locked: Collection[Customer], version: int, policy: CustomerGradePolicy) -> None:
    customers = {each.customer_id: each for each in locked}
    held = store.standings(tx, customers)
    today = local_date(tx.now)
    known = facts(tx, customers, today, policy)
    kept, changes = [], []
    for customer_id, customer in customers.items():
        old = held.get(customer_id)
        before = seen(old, customer_id, customer.grade)
        after = judged(before, judge(known[customer_id], today, policy), version, tx.now)
        if change := _change(customer, old or before, before, after):
            changes.append(change)
        if change or old is None or after != replace(old, computed_at=after.computed_at):
            kept.append(after)
    settle(tx, customers, kept, changes)


def _change(customer: Customer, old: Standing, before: Standing, after: Standing) -> Change | None:
    """Another grade is computed; or somebody else wrote one on the customer's row, which counts only beneath ours."""
    if after.computed is not before.computed:
        return Change(old, after, Kind.COMPUTED, words(before, after, Kind.COMPUTED))
    if customer.grade is not old.grade:
        return Change(old, after, Kind.DECLARED, words(old, after, Kind.DECLARED))
    return None
