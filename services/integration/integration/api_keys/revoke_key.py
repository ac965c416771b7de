"""End a key before its time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.api_keys import store
from integration.api_keys.rules import ApiKeyNotFound, ApiKeyRevokedAlready


def revoke_key(tx: Transaction, key_id: str, reason: str) -> Row[Any]:
    """Raises ApiKeyNotFound, ApiKeyRevokedAlready."""
    found = store.find(tx, key_id, lock=True)
    if found is None:
        raise ApiKeyNotFound()
    if found.revoked_at is not None:
        raise ApiKeyRevokedAlready()
    tx.audit(action="api_key.revoke", entity="api_key", entity_id=key_id, before={"name": found.name}, why=reason)
    return store.end(tx, key_id, reason)
