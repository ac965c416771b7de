"""Tenders and the notices of sites that told of them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, Uuid

from integration.tables.metadata import currency, instant, metadata, words

tender = Table(
    "tender",
    metadata,
    Column("tender_id", Uuid(as_uuid=False), primary_key=True),
    # The project number as rules compare it; of a notice without one, site and number of the notice.
    Column("tender_key", Text, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    # open, awarded, cancelled
    Column("state", Text, nullable=False),
    words("project_number"),
    words("title"),
    words("buyer"),
    words("region"),
    Column("budget_fen", BigInteger, nullable=True),
    currency(),
    instant("published_at"),
    instant("deadline_at", nullable=True),
    words("url"),
    instant("changed_at"),
    Index("tender_listed", "published_at", "tender_id"),
)

tender_notice = Table(
    "tender_notice",
    metadata,
    Column("site", Text, primary_key=True),
    # What the site knows the notice by.
    Column("number", Text, primary_key=True),
    Column("tender_id", Uuid(as_uuid=False), ForeignKey("tender.tender_id"), nullable=False),
    # call, correction, award, cancelled
    Column("kind", Text, nullable=False),
    words("project_number"),
    words("title"),
    words("buyer"),
    words("region"),
    Column("budget_fen", BigInteger, nullable=True),
    currency(),
    instant("published_at"),
    instant("deadline_at", nullable=True),
    words("url"),
    Column("content_hash", LargeBinary, nullable=False),
    Index("tender_notice_tender", "tender_id"),
)
