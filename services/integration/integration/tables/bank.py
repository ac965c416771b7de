"""Bank accounts, their statements and entries, and the claims on what came in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Index, Integer, LargeBinary, Table, Text, Uuid, text

from integration.tables.metadata import currency, fen, instant, metadata, words

bank_account = Table(
    "bank_account",
    metadata,
    Column("account", Text, primary_key=True),
    # Data are proved complete until this instant: statements without a hole, and the balance agrees.
    instant("complete_until", nullable=True),
    # Statements are complete and balanced up to this one.
    Column("proved_sequence", Integer, nullable=False, server_default=text("0")),
    # What the bank answered when it was last asked.
    Column("balance_fen", BigInteger, nullable=True),
    instant("balance_at", nullable=True),
)

bank_statement = Table(
    "bank_statement",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("bank", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    words("reference"),
    fen("opening_fen"),
    fen("closing_fen"),
    currency(),
    instant("until"),
    words("sha256"),
    words("place"),
    Column("run_id", Uuid(as_uuid=False), nullable=False),
    Index("bank_statement_sequence", "account", "sequence", unique=True),
)

bank_entry = Table(
    "bank_entry",
    metadata,
    # Of a credit entry this is the receipt's id.
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("statement_id", Uuid(as_uuid=False), nullable=False),
    Column("bank", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("serial", Text, nullable=False),
    Column("value_on", Date, nullable=True),
    # Money in when true.
    Column("credit", Boolean, nullable=False),
    Column("reversal", Boolean, nullable=False),
    fen("amount_fen"),
    currency(),
    words("payer_name"),
    words("payer_account"),
    # Other than `account` when money came in by a virtual account.
    words("credited_account"),
    words("remark"),
    words("end_to_end_id"),
    words("bank_reference"),
    Column("content_hash", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    fen("claimed_fen", default=True),
    # waiting, partly_claimed, claimed; none for money out
    Column("state", Text, nullable=False),
    # A person took a claim back: no rule claims it again.
    Column("left_to_people", Boolean, nullable=False, server_default=text("false")),
    words("reason"),
    words("reason_zh"),
    Index("bank_entry_key", "bank", "account", "booked_on", "serial", unique=True),
    Index("bank_entry_statement", "statement_id"),
    Index("bank_entry_receipts", "booked_on", "id", postgresql_where=text("credit")),
    Index("bank_entry_waiting", "booked_on", "id", postgresql_where=text("state IN ('waiting', 'partly_claimed')")),
)

claim = Table(
    "claim",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("receipt_id", Uuid(as_uuid=False), nullable=False),
    Column("receivable_id", Text, nullable=False),
    words("contract_number"),
    words("customer_code"),
    words("customer_name"),
    words("salesperson_id"),
    fen("amount_fen"),
    currency(),
    # exact_account, exact_contract, strong_payer_amount, person
    Column("method", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("claimed_by", Text, nullable=False),
    instant("claimed_at"),
    instant("undone_at", nullable=True),
    words("undone_by"),
    words("undo_reason"),
    Index("claim_receipt", "receipt_id"),
    Index("claim_receivable", "receivable_id"),
)

known_payer = Table(
    "known_payer",
    metadata,
    Column("customer_code", Text, primary_key=True),
    # The name as rules compare it: width, case, spaces and punctuation are ignored.
    Column("payer_key", Text, primary_key=True),
    Column("payer_name", Text, nullable=False),
    # erp, or person with the claim that taught it
    Column("origin", Text, nullable=False),
    Column("claim_id", Uuid(as_uuid=False), nullable=True),
    Index("known_payer_key", "payer_key"),
)
