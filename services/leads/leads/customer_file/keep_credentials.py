"""Qualifications and product certificates: added and retired (LD9.1). A renewed one is a new one."""

from __future__ import annotations

from dataclasses import replace

from chassis.audit import plain
from chassis.errors import AlreadyExists, FailedPrecondition
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.customer_file import credential_store as store
from leads.customer_file.credential_rules import Credential, CredentialEntry
from leads.customer_file.credential_store import CredentialNotFound
from leads.customers import store as customers

_SAME = ("kind", "name", "number", "valid_until")


class CredentialKnown(AlreadyExists):
    en = "“{name}” with the number {number} is in the file already."
    zh = "证照“{name}”（编号 {number}）已在档案中。"


class CredentialIsRetired(FailedPrecondition):
    en = "The credential was retired already."
    zh = "证照已停用。"


def add_credential(tx: Transaction, customer_id: str, entry: CredentialEntry) -> Credential:
    """Raises CustomerNotFound, CredentialKnown."""
    customer_id = customers.load(tx, customer_id, lock=True).customer_id
    for each in store.there(tx, customer_id):
        if all(getattr(each, name) == getattr(entry, name) for name in _SAME):
            raise CredentialKnown(name=entry.name, number=entry.number)
    credential = Credential(
        **vars(entry),
        credential_id=new_id(),
        customer_id=customer_id,
        added_by=tx.identity.subject,
        added_at=tx.now,
    )
    store.add(tx, credential)
    after = plain(vars(credential))
    tx.audit(action="customer_credential.add", entity="customer", entity_id=customer_id, after=after)
    return credential


def retire_credential(tx: Transaction, credential_id: str, reason: str) -> Credential:
    """Raises CredentialNotFound, also for another's customer, and CredentialIsRetired."""
    try:
        customers.load(tx, store.customer_of(tx, credential_id), lock=True)
    except customers.CustomerNotFound:
        raise CredentialNotFound(credential_id=credential_id) from None
    held = store.one(tx, credential_id)
    if held.retired_at is not None:
        raise CredentialIsRetired
    retired = replace(held, version=held.version + 1, retired_at=tx.now, retired_why=reason)
    store.retire(tx, retired)
    tx.audit(
        action="customer_credential.retire",
        entity="customer",
        entity_id=held.customer_id,
        before={"credential_id": credential_id, "name": held.name, "number": held.number},
        why=reason,
    )
    return retired
