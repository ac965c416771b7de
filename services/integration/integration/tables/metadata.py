"""One MetaData for all tables, and the column kinds they share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Text, text

metadata = MetaData()


def instant(name: str, *, nullable: bool = False) -> Column[Any]:
    """Business time unless the column's comment says otherwise."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def words(name: str) -> Column[Any]:
    """Text that is never null: empty means there is none."""
    return Column(name, Text, nullable=False, server_default=text("''"))


def fen(name: str, *, default: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default=text("0") if default else None)


def currency() -> Column[Any]:
    return Column("currency", Text, nullable=False, server_default=text("'CNY'"))
