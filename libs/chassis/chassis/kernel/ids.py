"""Identifiers of rows and events."""

from __future__ import annotations

from uuid_utils import uuid7


def new_id() -> str:
    """A UUIDv7: later ids of one process sort after earlier ones, ids of several processes by millisecond."""
    return str(uuid7())
