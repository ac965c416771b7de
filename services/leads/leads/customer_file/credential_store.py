"""SQL of qualifications and product certificates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select, update

from chassis.errors import NotFound
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customer_file.credential_rules import Credential, Kind
from leads.customers import store as customers

t = tables.customer_credential.c


class CredentialNotFound(NotFound):
    en = "There is no credential {credential_id}."
    zh = "证照 {credential_id} 不存在。"


def customer_of(tx: Transaction, credential_id: str) -> str:
    """Raises CredentialNotFound; whether the caller may see it is the customer's matter."""
    found: str | None = tx.execute(select(t.customer_id).where(t.credential_id == credential_id)).scalar_one_or_none()
    if found is None:
        raise CredentialNotFound(credential_id=credential_id)
    return found


def there(tx: Transaction, customer_id: str) -> list[Credential]:
    """Those that were not retired, also if they have ended: qualifications first, each kind as it was added."""
    query = select(tables.customer_credential).where(
        t.customer_id.in_(customers.parts(customer_id)), t.retired_at.is_(None)
    )
    return [from_row(row) for row in tx.execute(query.order_by(t.kind.desc(), t.credential_id))]


def one(tx: Transaction, credential_id: str) -> Credential:
    """Of a locked customer."""
    return from_row(tx.execute(select(tables.customer_credential).where(t.credential_id == credential_id)).one())


def add(tx: Transaction, credential: Credential) -> None:
    tx.execute(insert(tables.customer_credential).values(vars(credential) | {"kind": credential.kind.value}))


def retire(tx: Transaction, credential: Credential) -> None:
    """`credential` as it is now."""
    changed = {name: getattr(credential, name) for name in ("version", "retired_at", "retired_why")}
    tx.execute(update(tables.customer_credential).where(t.credential_id == credential.credential_id).values(changed))


def from_row(row: Row[Any]) -> Credential:
    values = {name: row._mapping[name] for name in Credential.__dataclass_fields__}
    return Credential(**values | {"kind": Kind(values["kind"])})
