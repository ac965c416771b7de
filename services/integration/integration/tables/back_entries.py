"""Money entered by hand, with its voucher and approvals (补录)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Identity, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from integration.tables.metadata import currency, fen, instant, metadata, words

# A refused or withdrawn one gives its voucher and its serial free.
_HOLDS = text("state NOT IN ('refused', 'withdrawn')")

back_entry = Table(
    "back_entry",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    # Its place in the account's chain of what was entered by hand.
    Column("number", Integer, Identity(always=True), nullable=False),
    # draft, submitted, approved_by_finance, posted, refused, withdrawn
    Column("state", Text, nullable=False, server_default=text("'draft'")),
    Column("voucher_number", Text, nullable=False),
    # Voucher and serial as they are compared: width, case, punctuation and leading zeros are ignored.
    Column("voucher_key", Text, nullable=False),
    Column("scan_file_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("bank_serial", Text, nullable=False),
    Column("serial_key", Text, nullable=False),
    fen("amount_fen"),
    currency(),
    Column("payer_name", Text, nullable=False),
    words("payer_account"),
    words("remark"),
    words("reason"),
    Column("is_another_receipt", Boolean, nullable=False, server_default=text("false")),
    Column("author_id", Text, nullable=False),
    instant("drafted_at"),
    instant("submitted_at", nullable=True),
    words("finance_approver_id"),
    instant("finance_approved_at", nullable=True),
    words("sales_approver_id"),
    instant("sales_approved_at", nullable=True),
    words("closed_by"),
    instant("closed_at", nullable=True),
    words("closing_reason"),
    # The bank_entry it became, or was linked to.
    Column("receipt_id", Uuid(as_uuid=False), nullable=True),
    # Since when the bank's own row has taken its place.
    instant("confirmed_at", nullable=True),
    # Fields in which the bank says otherwise: field, entered, told.
    Column("differences", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Index("back_entry_voucher", "voucher_key", unique=True, postgresql_where=_HOLDS),
    Index("back_entry_serial", "account", "booked_on", "serial_key", unique=True, postgresql_where=_HOLDS),
    Index("back_entry_receipt", "receipt_id"),
)
