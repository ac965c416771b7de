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
    # Of the release before, which knew one chain per account; now in bank_chain.
    Column("proved_sequence", Integer, nullable=False, server_default=text("0")),
    # What the bank answered when it was last asked.
    Column("balance_fen", BigInteger, nullable=True),
    instant("balance_at", nullable=True),
)

bank_chain = Table(
    "bank_chain",
    metadata,
    Column("account", Text, primary_key=True),
    Column("format", Text, primary_key=True),
    # Statements of this format are complete and balanced up to this one.
    Column("proved_sequence", BigInteger, nullable=False, server_default=text("0")),
)

bank_statement = Table(
    "bank_statement",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("bank", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("format", Text, nullable=False, server_default=text("'camt.053'")),
    # Its place in the account's chain of this format.
    Column("sequence", BigInteger, nullable=False),
    # Of a statement that covers several numbers; none when the source doesn't number.
    Column("first_sequence", BigInteger, nullable=True),
    # By which the source is asked what follows; none of a file by hand.
    Column("source_number", BigInteger, nullable=True),
    # False for a notification, which has no balances.
    Column("chained", Boolean, nullable=False, server_default=text("true")),
    words("reference"),
    fen("opening_fen"),
    fen("closing_fen"),
    currency(),
    instant("until"),
    words("sha256"),
    words("place"),
    Column("run_id", Uuid(as_uuid=False), nullable=False),
    Index("bank_statement_place", "account", "format", "sequence", unique=True),
)

bank_entry = Table(
    "bank_entry",
    metadata,
    # Of a credit entry this is the receipt's id.
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("statement_id", Uuid(as_uuid=False), nullable=False),
    Column("bank", Text, nullable=False),
    Column("account", Text, nullable=False),
    # The format that told of it first; each format has serials of its own.
    Column("format", Text, nullable=False, server_default=text("'camt.053'")),
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
    # waiting, partly_claimed, claimed; none for money out; withdrawn when the bank no longer tells it
    Column("state", Text, nullable=False),
    # A person took a claim back: no rule claims it again.
    Column("left_to_people", Boolean, nullable=False, server_default=text("false")),
    words("reason"),
    words("reason_zh"),
    # When it came to be known here; none before it was kept.
    instant("told_at", nullable=True),
    Index("bank_entry_origin", "account", "format", "booked_on", "serial", unique=True),
    # Where the same transaction in another format is looked for.
    Index("bank_entry_twin", "account", "booked_on", "amount_fen"),
    Index("bank_entry_statement", "statement_id"),
    Index("bank_entry_receipts", "booked_on", "id", postgresql_where=text("credit")),
    Index("bank_entry_waiting", "booked_on", "id", postgresql_where=text("state IN ('waiting', 'partly_claimed')")),
)

bank_line = Table(
    "bank_line",
    metadata,
    # An entry as one statement tells of it: overlapping statements and other formats tell of the same entry.
    Column("statement_id", Uuid(as_uuid=False), primary_key=True),
    Column("booked_on", Date, primary_key=True),
    Column("serial", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("entry_id", Uuid(as_uuid=False), nullable=False),
    # The run that told it last: what a statement no longer tells is dropped from it.
    Column("run_id", Uuid(as_uuid=False), nullable=False),
    fen("signed_fen"),
    # What this format last said: a correction is a change of its own word, not a difference from another format.
    Column("content_hash", LargeBinary, nullable=False),
    Index("bank_line_key", "account", "format", "booked_on", "serial"),
    Index("bank_line_entry", "entry_id"),
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
    # What the bank kept on the way: settles the receivable, is no collected money.
    fen("fee_fen", default=True),
    # As in claiming.rules: exact_account, exact_contract, strong_payer_amount, …, person
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
