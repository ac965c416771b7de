"""The three-way board: what has to be looked at again, and how each contract stands."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from integration.tables.metadata import fen, metadata, words

# Written with each document; taken by the job that judges. No row is ever changed, so nobody waits for another.
board_mark = Table(
    "board_mark",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    # A contract number, or what stands for one; an order's number means its contract too.
    Column("thread", Text, nullable=False),
)


def _list(name: str) -> Column[list[object]]:
    return Column(name, JSONB, nullable=False, server_default=text("'[]'::jsonb"))


board_row = Table(
    "board_row",
    metadata,
    # The contract number; without one the order's number, or "customer:" and the customer's.
    Column("thread", Text, primary_key=True),
    # A contract in two currencies is two rows: amounts of different currencies are not compared.
    Column("currency", Text, primary_key=True),
    Column("order_ids", ARRAY(Text), nullable=False),
    words("contract_number"),
    words("customer_code"),
    words("customer_name"),
    # Of the order that was signed first; else of the receivable due first.
    words("salesperson_id"),
    # Signed; without an order the day of the first document.
    Column("day", Date, nullable=False),
    fen("contract_fen"),
    fen("due_fen"),
    fen("delivered_fen"),
    # Claimed money that counts by now, without the banks' fees.
    fen("received_fen"),
    fen("fee_fen"),
    fen("invoiced_fen"),
    # Drafts that have not matured.
    fen("draft_fen"),
    # green, yellow, red
    Column("colour", Text, nullable=False),
    Column("missing", ARRAY(Text), nullable=False),
    _list("differences"),
    _list("offsets"),
    Column("paid_without_contract", Boolean, nullable=False),
    # The next day on which it changes without a new document: something falls due or matures.
    Column("changes_on", Date, nullable=True),
    Column("policy_version", Integer, nullable=False),
    Index("board_row_day", "day", "thread", "currency"),
    Index("board_row_colour", "colour", "day", "thread", "currency"),
    Index("board_row_customer", "customer_code", "day", "thread", "currency"),
    Index("board_row_salesperson", "salesperson_id", "day", "thread", "currency"),
    Index("board_row_changes", "changes_on", postgresql_where=text("changes_on IS NOT NULL")),
    Index("board_row_policy", "policy_version"),
)
