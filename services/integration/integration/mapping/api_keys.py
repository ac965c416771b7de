"""API keys ↔ contract messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from closeloop.integration.v1 import api_key_service_pb2 as pb
from integration.api_keys.rules import NewKey
from integration.mapping.common import instant, instant_in


def new_key(request: pb.CreateApiKeyRequest, digest: bytes) -> NewKey:
    return NewKey(
        request.name,
        digest,
        tuple(sorted(request.duties)),
        tuple(sorted(request.groups)),
        instant_in(request.expires_at),
        request.reason,
    )


def key(row: Row[Any]) -> pb.ApiKey:
    return pb.ApiKey(
        key_id=row.id,
        name=row.name,
        duties=row.duties,
        groups=row.groups,
        created_by=row.created_by,
        created_at=instant(row.created_at),
        expires_at=instant(row.expires_at),
        revoked_at=instant(row.revoked_at),
    )
