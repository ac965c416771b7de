"""A person's own grade of a customer: kept apart from the computed one, with a reason and an end (LD2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chassis.deadlines import Deadline
from chassis.errors import FailedPrecondition, InvalidInput, Violation
from chassis.unit_of_work import Transaction
from leads.customer_grades import store
from leads.customer_grades.policy import CustomerGradePolicy
from leads.customer_grades.rules import Kind
from leads.customer_grades.settle import settle
from leads.customer_grades.standing_rules import Override, Standing, seen, words
from leads.customer_grades.store import Change
from leads.customers import store as customers
from leads.lead.rules import Grade

EXPIRES = "customer_grade.expires"


class NoGradeOverride(FailedPrecondition):
    en = "Nobody has given customer {customer_id} a grade of their own."
    zh = "客户 {customer_id} 没有人工定级。"


def override_grade(
    tx: Transaction,
    customer_id: str,
    grade: Grade,
    reason: str,
    until: datetime | None,
    policy: CustomerGradePolicy,
) -> None:
    """A second word replaces the first. Raises CustomerNotFound, InvalidInput."""
    ends = until or tx.now + timedelta(days=policy.override_days)
    longest = tx.now + timedelta(days=policy.longest_override_days)
    if not tx.now < ends <= longest:
        days = policy.longest_override_days
        raise InvalidInput.of(Violation("until", f"lies within the next {days} days.", f"须在未来 {days} 天之内。"))
    own = Override(grade, reason, tx.identity.subject, tx.now, ends)
    tx.deadlines.start(EXPIRES, _say(tx, customer_id, own, Kind.OVERRIDDEN, reason), ends)


def withdraw_override(tx: Transaction, customer_id: str, reason: str) -> None:
    """Raises CustomerNotFound, NoGradeOverride."""
    tx.deadlines.stop(EXPIRES, _say(tx, customer_id, None, Kind.WITHDRAWN, reason))


def expire_overrides(tx: Transaction, due: Sequence[Deadline]) -> None:
    """Their time is over; what is computed counts again. A word that was given anew meanwhile has a clock anew."""
    known = {each.customer_id: each for each in store.lock_customers(tx, [each.subject_id for each in due])}
    held = store.standings(tx, known)
    ended = [each for each in held.values() if each.override is not None and each.override.until <= tx.now]
    kept = [replace(seen(each, each.customer_id, known[each.customer_id].grade), override=None) for each in ended]
    changes = [Change(*pair, Kind.EXPIRED, words(*pair, Kind.EXPIRED)) for pair in zip(ended, kept, strict=True)]
    settle(tx, known, kept, changes)


def _say(tx: Transaction, customer_id: str, own: Override | None, kind: Kind, reason: str) -> str:
    """Of the customer that goes on, whose id is returned."""
    customer_id = customers.load(tx, customer_id).customer_id
    [customer] = store.lock_customers(tx, [customer_id])
    before = seen(store.standings(tx, [customer_id]).get(customer_id), customer_id, customer.grade)
    if own is None and before.override is None:
        raise NoGradeOverride(customer_id=customer_id)
    after = replace(before, override=own)
    settle(tx, {customer_id: customer}, [after], [Change(before, after, kind, words(before, after, kind))])
    tx.audit(
        action=f"customer.grade_{kind.value}",
        entity="customer",
        entity_id=customer_id,
        before=_audited(before),
        after=_audited(after),
        why=reason,
    )
    return customer_id


def _audited(standing: Standing) -> dict[str, str | None]:
    return {
        "grade": standing.grade.value if standing.grade else None,
        "until": standing.override.until.isoformat() if standing.override else None,
    }
