"""History of a new company: its customers, with the day they became one. Bad rows are named; the others go in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.errors import Violation
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.customers import firm_store, store
from leads.customers.events import CustomerCreated, CustomerUpdated
from leads.customers.link_branches import link_branches
from leads.customers.rules import Customer
from leads.lead.rules import Grade
from leads.normalise.name_rules import name_key, place_name
from leads.normalise.number_rules import FieldProblem, e164, valid_uscc
from leads.roster import store as roster


@dataclass(frozen=True)
class CustomerRow:
    """One customer as the company's own records have it."""

    customer_code: str
    name: str
    uscc: str
    phone: str
    customer_class: str
    grade: Grade | None
    industry: str
    province: str
    city: str
    owner_id: str
    since: datetime | None


@dataclass(frozen=True)
class RowError:
    """`row` counts from 1."""

    row: int
    violation: Violation


@dataclass(frozen=True)
class Imported:
    created: int
    updated: int
    errors: tuple[RowError, ...]


def import_customers(tx: Transaction, rows: Sequence[CustomerRow]) -> Imported:
    """A customer known by its code is updated; the same content twice changes nothing."""
    usccs = {_uscc(each) for each in rows} - {""}
    firm_store.lock_firms(tx, {each.customer_code for each in rows} | usccs)
    known = firm_store.lock_by_codes(tx, [each.customer_code for each in rows])
    bearers = firm_store.by_uscc(tx, usccs)
    units = roster.people(tx, [each.owner_id for each in rows if each.owner_id])
    errors: list[RowError] = []
    created: list[Customer] = []
    changes: list[tuple[Customer, dict[str, Any]]] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        problems = list(_problems(row, tx.now, seen))
        values = _values(row, units[row.owner_id].unit if row.owner_id in units else "") if not problems else {}
        customer = known.get(row.customer_code)
        taken = bearers.get(values.get("uscc", ""))
        if taken and (customer is None or taken != customer.whole_id):
            problems.append(Violation("uscc", "belongs to another customer.", "属于另一客户。"))
        if problems:
            errors += [RowError(number, each) for each in problems]
            continue
        seen.add(row.customer_code)
        if customer is None:
            customer = Customer(new_id(), created_at=tx.now, **values)
            created.append(customer)
        elif any(getattr(customer, name) != value for name, value in values.items()):
            changes.append((customer, values))
        if values["uscc"]:
            bearers[values["uscc"]] = customer.whole_id
    _create(tx, created)
    _update(tx, changes)
    link_branches(tx, [each.name for each in rows])
    tx.audit(
        action="customers.import",
        entity="customers",
        entity_id="all",
        after={"created": len(created), "updated": len(changes), "errors": len(errors)},
    )
    return Imported(len(created), len(changes), tuple(errors))


def _uscc(row: CustomerRow) -> str:
    """Empty also for one that can't be read, which is named as a problem of its row."""
    try:
        return valid_uscc(row.uscc)
    except FieldProblem:
        return ""


def _problems(row: CustomerRow, now: datetime, seen: set[str]) -> Iterator[Violation]:
    for read, value in ((e164, row.phone), (valid_uscc, row.uscc)):
        try:
            read(value)
        except FieldProblem as problem:
            yield problem.violation
    if not row.name.strip():
        yield Violation("name", "is required.", "不能为空。")
    if row.since is not None and row.since > now:
        yield Violation("since", "lies in the future.", "不能是将来的时间。")
    if row.customer_code in seen:
        yield Violation("customer_code", "appears twice in this import.", "在本次导入中重复出现。")


def _values(row: CustomerRow, unit: str) -> dict[str, Any]:
    return {
        "customer_code": row.customer_code,
        "name": row.name.strip(),
        "name_key": name_key(row.name),
        "uscc": valid_uscc(row.uscc),
        "phone": e164(row.phone),
        "customer_class": row.customer_class,
        "grade": row.grade,
        "industry": row.industry,
        "province": place_name(row.province),
        "city": place_name(row.city),
        "owner_id": row.owner_id,
        "unit": unit,
        "since": row.since,
    }


def _create(tx: Transaction, customers: Sequence[Customer]) -> None:
    store.add(tx, customers)
    for each in customers:
        tx.record(CustomerCreated(each.facts, each.customer_id))


def _update(tx: Transaction, changes: Sequence[tuple[Customer, dict[str, Any]]]) -> None:
    for (before, _), after in zip(changes, store.save_all(tx, changes), strict=True):
        tx.record(CustomerUpdated(after.facts, after.customer_id))
        if after.owner_id != before.owner_id:
            tx.record(after.owner_changed(before.owner_id))
