"""One MetaData for all tables, and the column kinds they share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, Integer, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.types import UserDefinedType

metadata = MetaData()


class Xid8(UserDefinedType[str]):
    """The 64-bit number of the writing transaction; says which readers could see the row."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


# Alembic compares this schema with the database's: there the type has to be known by name.
PGDialect.ischema_names["xid8"] = Xid8


def identifier(name: str, **more: Any) -> Column[str]:
    return Column(name, Uuid(as_uuid=False), **more)


def instant(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


def count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text("0"))


def written_by() -> Column[str]:
    return Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()"))


def words_list(name: str) -> Column[list[str]]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'"))
