"""Keys of partners' programs."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from integration.tables.metadata import instant, metadata, words

api_key = Table(
    "api_key",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("name", Text, nullable=False),
    # SHA-256 of the key. It is 32 random bytes, so a slow hash would add nothing.
    Column("digest", LargeBinary, nullable=False),
    Column("duties", ARRAY(Text), nullable=False),
    Column("groups", ARRAY(Text), nullable=False),
    Column("created_by", Text, nullable=False),
    instant("created_at"),
    # Real time, as all that protects.
    Column("expires_at", DateTime(timezone=True), nullable=False),
    instant("revoked_at", nullable=True),
    words("revoked_by"),
    words("revoke_reason"),
)
