"""Customers of the system before: new ones are created, known ones are filled in where they say nothing (LD1.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row

from chassis.audit import Entry
from chassis.errors import Violation
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.customers import store as customers
from leads.customers.events import CustomerCreated, CustomerUpdated
from leads.customers.link_branches import link_branches
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
# What became of a row, and the customer's id.
_Met = tuple[Literal["created", "appended"], str]
_TAKEN = Violation("uscc", "belongs to another customer than the number in the ERP.", "与客户编号不属于同一客户。")


class CustomersKind:
    form = CUSTOMERS

    def read(self, cells: Sequence[str], columns: Any, width: int, now: datetime) -> CustomerLine:
        return read_customer(cells, columns, width, now)

    def key(self, line: CustomerLine) -> str:
        return line.whose.code or line.whose.uscc or line.whose.name_key

    def take(self, tx: Transaction, lines: Sequence[tuple[int, CustomerLine]], row: Row[Any]) -> Taken:
        known = Customers.locked(tx, [line.whose for _, line in lines])
        people = roster.people(tx, {line.owner_id for _, line in lines if line.owner_id})
        chunk = _Chunk(known, people, row.import_id, tx.now)
        judged: list[Judged] = []
        refused: list[tuple[int, Violation]] = []
        for number, line in lines:
            taken = chunk.take(line)
            if isinstance(taken, Violation):
                refused.append((number, taken))
            else:
                judged.append(Judged(number, taken[0], line.name, taken[1]))
        _create(tx, list(chunk.created.values()))
        _fill(tx, list(chunk.filled.values()), row.import_id)
        return Taken(judged, refused)

    def take_back(self, tx: Transaction, row: Row[Any], most: int) -> TakenBack:
        return take_customers_back(tx, row, most)


class _Chunk:
    """What its rows come to: the later ones see what the earlier ones say, and all is stored at once.

    `filled`: customer id → the customer as it was, and what the rows fill in.
    """

    def __init__(self, known: Customers, people: Mapping[str, Person], import_id: str, now: datetime) -> None:
        self.created: dict[str, Customer] = {}
        self.filled: dict[str, tuple[Customer, dict[str, str]]] = {}
        self._known, self._people, self._import_id, self._now = known, people, import_id, now

    def take(self, line: CustomerLine) -> _Met | Violation:
        """Or why it can't be taken in."""
        if line.owner_id and line.owner_id not in self._people:
            return _NOBODY
        found = self._known.find(line.whose)
        if isinstance(found, Violation):
            return found
        if found is not None:
            return self._fill(self._known.newest(found), line)
        customer = _customer(line, self._people.get(line.owner_id), self._import_id, self._now)
        self.created[customer.customer_id] = customer
        self._known.put(customer)
        return "created", customer.customer_id

    def _fill(self, held: Customer, line: CustomerLine) -> _Met | Violation:
        """What the customer says itself stays."""
        told = {field: getattr(line, field) for field in _FILLED}
        told |= {"customer_code": line.whose.code, "uscc": line.whose.uscc}
        fields = {field: value for field, value in told.items() if value and not getattr(held, field)}
        if "uscc" in fields and self._known.bearer(fields["uscc"]) not in (None, held.customer_id):
            return _TAKEN
        if fields:
            self._keep(held, fields)
        return "appended", held.customer_id

    def _keep(self, held: Customer, fields: dict[str, Any]) -> None:
        changed = replace(held, **fields)
        self._known.put(changed)
        if held.customer_id in self.created:
            self.created[held.customer_id] = changed
        else:
            before, earlier = self.filled.get(held.customer_id, (held, {}))
            self.filled[held.customer_id] = before, earlier | fields


def _customer(line: CustomerLine, owner: Person | None, import_id: str, now: datetime) -> Customer:
    return Customer(
        customer_id=new_id(),
        name=line.name,
        name_key=name_key(line.name),
        created_at=now,
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


def _own(held: Customer, import_id: str) -> dict[str, int]:
    """What its own import tells of it further down is no change of anybody's."""
    return {"by_itself": held.by_itself + 1} if held.import_id == import_id else {}


def _fill(tx: Transaction, filled: Sequence[tuple[Customer, Mapping[str, str]]], import_id: str) -> None:
    changed = customers.save_all(tx, [(held, {**fields, **_own(held, import_id)}) for held, fields in filled])
    for each in changed:
        tx.record(CustomerUpdated(each.facts, each.customer_id))
    tx.audit_all(
        Entry(
            "customer.fill",
            "customer",
            held.customer_id,
            before={field: getattr(held, field) for field in fields},
            after=fields,
        )
        for held, fields in filled
    )
    # What the import itself has brought along goes as a whole, or stays.
    pairs = [(each, fields) for each, (_, fields) in zip(changed, filled, strict=True)]
    store.note_filled(tx, import_id, [pair for pair in pairs if pair[0].import_id != import_id])
