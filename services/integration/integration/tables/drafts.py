"""Bank acceptance drafts (承兑汇票) among the receipts."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Table, Uuid

from integration.tables.metadata import metadata, words

bank_draft = Table(
    "bank_draft",
    metadata,
    Column("receipt_id", Uuid(as_uuid=False), primary_key=True),
    words("number"),
    # Claims on it count from this day on.
    Column("matures_on", Date, nullable=False),
    Index("bank_draft_number", "number"),
    Index("bank_draft_matures", "matures_on"),
)
