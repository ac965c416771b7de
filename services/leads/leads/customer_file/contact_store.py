"""SQL of contacts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, bindparam, func, or_, select, text, update

from chassis import rows
from chassis.errors import NotFound
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customer_file.contact_rules import Contact, Role
from leads.customers import store as customers

t = tables.customer_contact.c
_part = tables.customer.alias("part")
_whole = func.coalesce(_part.c.merged_into, _part.c.customer_id)
_RETIRE = (
    update(tables.customer_contact)
    .where(t.contact_id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))))
    .values(retired_at=bindparam("at"), retired_why=bindparam("why"), version=t.version + 1)
)
_ADD = text(rows.insertion(tables.customer_contact, list(Contact.__dataclass_fields__)))


class ContactNotFound(NotFound):
    en = "There is no contact {contact_id}."
    zh = "联系人 {contact_id} 不存在。"


def customer_of(tx: Transaction, contact_id: str) -> str:
    """Raises ContactNotFound; whether the caller may see it is the customer's matter."""
    found: str | None = tx.execute(select(t.customer_id).where(t.contact_id == contact_id)).scalar_one_or_none()
    if found is None:
        raise ContactNotFound(contact_id=contact_id)
    return found


def there(tx: Transaction, customer_id: str) -> list[Contact]:
    """Those that were not retired, in the order in which they were added."""
    query = select(tables.customer_contact).where(
        t.customer_id.in_(customers.parts(customer_id)), t.retired_at.is_(None)
    )
    return [from_row(row) for row in tx.execute(query.order_by(t.contact_id))]


def there_all(tx: Transaction, customer_ids: Collection[str]) -> dict[str, list[Contact]]:
    """As `there`, of each of several customers that go on."""
    found: dict[str, list[Contact]] = {each: [] for each in customer_ids}
    query = select(tables.customer_contact, _whole.label("whole_id")).join(_part, _part.c.customer_id == t.customer_id)
    query = query.where(or_(_part.c.customer_id.in_(found), _part.c.merged_into.in_(found)), t.retired_at.is_(None))
    for row in tx.execute(query.order_by(t.contact_id)):
        if row.whole_id in found:
            found[row.whole_id].append(from_row(row))
    return found


def one(tx: Transaction, contact_id: str) -> Contact:
    """Of a locked customer."""
    return from_row(tx.execute(select(tables.customer_contact).where(t.contact_id == contact_id)).one())


def listed(tx: Transaction, customer_id: str, page: Page) -> list[Contact]:
    query = select(tables.customer_contact).where(t.customer_id.in_(customers.parts(customer_id)))
    if page.after:
        query = query.where(t.contact_id > page.after["id"])
    return [from_row(row) for row in tx.execute(query.order_by(t.contact_id).limit(page.limit))]


def add(tx: Transaction, contacts: Sequence[Contact]) -> None:
    if contacts:
        tx.execute(_ADD, {"rows": rows.document(map(_to_row, contacts))})


def save(tx: Transaction, contact: Contact, **changes: Any) -> Contact:
    """Store the changes of a locked customer's contact; the version grows by one."""
    changed = replace(contact, **changes, version=contact.version + 1)
    tx.execute(update(tables.customer_contact).where(t.contact_id == contact.contact_id).values(_to_row(changed)))
    return changed


def retire_all(tx: Transaction, contact_ids: Collection[str], reason: str) -> None:
    """Of locked customers."""
    tx.execute(_RETIRE, {"ids": list(contact_ids), "at": tx.now, "why": reason})


def from_row(row: Row[Any]) -> Contact:
    values = {name: row._mapping[name] for name in Contact.__dataclass_fields__}
    return Contact(**values | {"role": Role(values["role"]) if values["role"] else None})


def _to_row(contact: Contact) -> dict[str, Any]:
    return vars(contact) | {"role": contact.role.value if contact.role else ""}
