"""Customers of the system before: new ones are created, known ones are filled in where they say nothing (LD1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.errors import Violation
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.customers.events import CustomerCreated, CustomerUpdated
from leads.customers.import_customers import link_branches
from leads.customers.rules import Customer
from leads.history_import import store
from leads.history_import.find_customers import Customers
from leads.history_import.form_rules import CUSTOMERS
from leads.history_import.line_rules import CustomerLine
from leads.history_import.read_rules import read_customer
from leads.history_import.take_customers_back import take_customers_back
from leads.imports.history import Taken, TakenBack
from leads.imports.try_rows import Judged
from leads.normalise.name_rules import name_key
from leads.roster import store as roster
from leads.roster.store import Person

_FILLED = ("phone", "customer_class", "industry", "size", "province", "city", "address", "needs")
_NOBODY = Violation("owner_id", "is no employee that is known.", "不是已知员工。")
_TAKEN = Violation("uscc", "belongs to another customer than the number in the ERP.", "与客户编号不属于同一客户。")


class CustomersKind:
    form = CUSTOMERS

    def read(self, cells: Sequence[str], columns: Any, width: int, now: datetime) -> CustomerLine:
        return read_customer(cells, columns, width, now)

    def key(self, line: CustomerLine) -> str:
        return line.whose.code or line.whose.uscc or line.whose.name_key

    def take(self, tx: Transaction, lines: Sequence[tuple[int, CustomerLine]], row: Row[Any]) -> Taken:
        named = [line.whose for _, line in lines]
        customers.lock_firms(tx, [key for each in named for key in vars(each).values() if key])
        known = Customers.locked(tx, named)
        people = roster.people(tx, {line.owner_id for _, line in lines if line.owner_id})
        created: dict[str, Customer] = {}
        judged: list[Judged] = []
        refused: list[tuple[int, Violation]] = []
        for number, line in lines:
            found = _NOBODY if line.owner_id and line.owner_id not in people else known.find(line.whose)
            if isinstance(found, Violation):
                refused.append((number, found))
            elif found is None:
                customer = _customer(tx, line, people.get(line.owner_id), row.import_id)
                created[customer.customer_id] = customer
                known.put(customer)
                judged.append(Judged(number, "created", line.name, customer.customer_id))
            elif found.customer_id in created or _fill(tx, found, line, row.import_id):
                judged.append(Judged(number, "appended", line.name, found.customer_id))
            else:
                refused.append((number, _TAKEN))
        _create(tx, list(created.values()))
        return Taken(judged, refused)

    def take_back(self, tx: Transaction, row: Row[Any], most: int) -> TakenBack:
        return take_customers_back(tx, row, most)


def _customer(tx: Transaction, line: CustomerLine, owner: Person | None, import_id: str) -> Customer:
    return Customer(
        customer_id=new_id(),
        name=line.name,
        name_key=name_key(line.name),
        created_at=tx.now,
        customer_code=line.whose.code or None,
        uscc=line.whose.uscc,
        grade=line.grade,
        owner_id=line.owner_id,
        unit=owner.unit if owner else "",
        since=line.since,
        import_id=import_id,
        **{field: getattr(line, field) for field in _FILLED},
    )


def _create(tx: Transaction, created: Sequence[Customer]) -> None:
    customers.add(tx, created)
    for each in created:
        tx.record(CustomerCreated(each.facts, each.customer_id))
    link_branches(tx, [each.name for each in created])


def _fill(tx: Transaction, known: Customer, line: CustomerLine, import_id: str) -> bool:
    """What the customer says itself stays. False: the row's USCC is another customer's."""
    held = customers.load(tx, known.customer_id, lock=True)
    told = {field: getattr(line, field) for field in _FILLED}
    told |= {"customer_code": line.whose.code, "uscc": line.whose.uscc}
    fields = {field: value for field, value in told.items() if value and not getattr(held, field)}
    if "uscc" in fields and customers.is_taken(tx, "uscc", fields["uscc"], held.customer_id):
        return False
    if fields:
        changed = customers.save(tx, held, **fields)
        tx.record(CustomerUpdated(changed.facts, changed.customer_id))
        before = {field: getattr(held, field) for field in fields}
        tx.audit(action="customer.fill", entity="customer", entity_id=held.customer_id, before=before, after=fields)
        store.note_filled(tx, import_id, changed, fields)
    return True
