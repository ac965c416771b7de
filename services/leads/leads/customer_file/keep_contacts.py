"""Contacts of the decision chain: added, changed, retired (LD9.1). One of them at most is the primary one."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.audit import Entry, plain
from chassis.errors import EtagMismatch, FailedPrecondition
from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customer_file import contact_store as store
from leads.customer_file.contact_rules import Contact, ContactEntry, clean
from leads.customer_file.contact_store import ContactNotFound
from leads.customers import store as customers

# More than this is no decision chain.
_MOST = 200


class ContactIsRetired(FailedPrecondition):
    en = "The contact was retired already."
    zh = "联系人已停用。"


class TooManyContacts(FailedPrecondition):
    en = "The customer has {most} contacts already."
    zh = "该客户已有 {most} 名联系人。"


def add_contact(tx: Transaction, customer_id: str, entry: ContactEntry) -> Contact:
    """The first one is the primary one. Raises CustomerNotFound, InvalidInput, TooManyContacts."""
    customer_id = customers.load(tx, customer_id, lock=True).customer_id
    known = store.there(tx, customer_id)
    contact = new_contact(tx, customer_id, entry, known)
    _make_room(tx, contact, known)
    keep_new(tx, [contact])
    return contact


def new_contact(
    tx: Transaction, customer_id: str, entry: ContactEntry, known: Sequence[Contact], import_id: str | None = None
) -> Contact:
    """Not stored yet. `known`: the customer's that are there. Raises InvalidInput, TooManyContacts."""
    if len(known) >= _MOST:
        raise TooManyContacts(most=_MOST)
    values = clean(entry, "", {each.contact_id: each.reports_to for each in known})
    return Contact(
        **values | {"is_primary": entry.is_primary or not known},  # type: ignore[arg-type]
        contact_id=new_id(),
        customer_id=customer_id,
        added_by=tx.identity.subject,
        added_at=tx.now,
        import_id=import_id,
    )


def keep_new(tx: Transaction, contacts: Sequence[Contact]) -> None:
    """Of locked customers."""
    store.add(tx, contacts)
    tx.audit_all(Entry("customer_contact.add", "customer", each.customer_id, after=vars(each)) for each in contacts)


def change_contact(tx: Transaction, contact_id: str, etag: str, entry: ContactEntry) -> Contact:
    """Raises ContactNotFound, ContactIsRetired, EtagMismatch, InvalidInput."""
    whole_id, contact = _lock_contact(tx, contact_id)
    if etag != contact.etag:
        raise EtagMismatch
    known = store.there(tx, whole_id)
    values = clean(entry, contact_id, {each.contact_id: each.reports_to for each in known})
    if all(getattr(contact, name) == value for name, value in values.items()):
        return contact
    if entry.is_primary:
        _make_room(tx, Contact(**values, contact_id=contact_id), known)  # type: ignore[arg-type]
    changed = store.save(tx, contact, **values)
    tx.audit(
        action="customer_contact.change",
        entity="customer",
        entity_id=contact.customer_id,
        before=plain(vars(contact)),
        after=plain(vars(changed)),
    )
    return changed


def retire_contact(tx: Transaction, contact_id: str, reason: str) -> Contact:
    """Whoever reported to it goes on doing so, until somebody says otherwise. Raises as `change_contact`."""
    _, contact = _lock_contact(tx, contact_id)
    retired = store.save(tx, contact, retired_at=tx.now, retired_why=reason)
    tx.audit(
        action="customer_contact.retire",
        entity="customer",
        entity_id=contact.customer_id,
        before={"contact_id": contact_id, "name": contact.name},
        why=reason,
    )
    return retired


def retire_contacts(tx: Transaction, contacts: Sequence[tuple[str, str, str]], reason: str) -> None:
    """As `retire_contact`, of locked customers, none of them retired yet. Each: id, name, its customer."""
    store.retire_all(tx, [contact_id for contact_id, _, _ in contacts], reason)
    tx.audit_all(
        Entry(
            "customer_contact.retire",
            "customer",
            customer_id,
            before={"contact_id": contact_id, "name": name},
            why=reason,
        )
        for contact_id, name, customer_id in contacts
    )


def list_contacts(tx: Transaction, customer_id: str, page: Page) -> tuple[Sequence[Contact], str]:
    """With those retired. Raises CustomerNotFound."""
    customer_id = customers.load(tx, customer_id).customer_id
    return page.cut(store.listed(tx, customer_id, page), lambda each: {"id": each.contact_id})


def _lock_contact(tx: Transaction, contact_id: str) -> tuple[str, Contact]:
    """With its customer that goes on, whose row is what is locked (LD1.4).

    Raises ContactNotFound, also for another's; ContactIsRetired.
    """
    try:
        whole = customers.load(tx, store.customer_of(tx, contact_id), lock=True)
    except customers.CustomerNotFound:
        raise ContactNotFound(contact_id=contact_id) from None
    contact = store.one(tx, contact_id)
    if contact.retired_at is not None:
        raise ContactIsRetired
    return whole.customer_id, contact


def _make_room(tx: Transaction, contact: Contact, known: Sequence[Contact]) -> None:
    """Who was the primary one is it no longer."""
    for each in known:
        if contact.is_primary and each.is_primary and each.contact_id != contact.contact_id:
            store.save(tx, each, is_primary=False)
