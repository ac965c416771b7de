"""Whether a key that came to the door is one of ours, and in force."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from integration.api_keys import store
from integration.api_keys.rules import ApiKeyNotFound, is_in_force


def check_key(tx: Transaction, key_id: str, digest: bytes, now: datetime) -> Row[Any]:
    """`now` is real time. Raises ApiKeyNotFound, whatever is wrong with it: who tries keys learns nothing."""
    found = store.find(tx, key_id)
    if found is None or not hmac.compare_digest(found.digest, digest):
        raise ApiKeyNotFound()
    if not is_in_force(found.expires_at, found.revoked_at, now):
        raise ApiKeyNotFound()
    return found
