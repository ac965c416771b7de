"""Make a key for a partner's program; only its hash is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.errors import Violation
from chassis.unit_of_work import Transaction
from integration.api_keys import store
from integration.api_keys.rules import NewKey, WrongKeyLife, is_fit


def create_key(tx: Transaction, key_id: str, new: NewKey, now: datetime) -> Row[Any]:
    """`now` is real time. Raises WrongKeyLife."""
    if not is_fit(new.expires_at, now):
        raise WrongKeyLife.of(Violation("expires_at", WrongKeyLife.en, WrongKeyLife.zh))
    row = store.add(
        tx,
        id=key_id,
        name=new.name,
        digest=new.digest,
        duties=list(new.duties),
        groups=list(new.groups),
        created_by=tx.identity.subject,
        created_at=tx.now,
        expires_at=new.expires_at,
    )
    tx.audit(
        action="api_key.create",
        entity="api_key",
        entity_id=key_id,
        after={"name": new.name, "duties": list(new.duties), "groups": list(new.groups)},
        why=new.reason,
    )
    return row
