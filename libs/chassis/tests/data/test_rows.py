"""Rows that go to the database as one JSON text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis import rows
from chassis.database import Database
from chassis.kernel.ids import new_id

crate = Table(
    "crate",
    MetaData(),
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("id", Uuid(as_uuid=False)),
    Column("name", Text),
    Column("fen", BigInteger),
    Column("share", Double),
    Column("sealed", Boolean),
    Column("at", DateTime(timezone=True)),
    Column("day", Date),
    Column("words", ARRAY(Text)),
    Column("raw", JSONB),
    Column("proof", LargeBinary),
)
COLUMNS = tuple(column.name for column in crate.c if column.name != "seq")
INSERT = text(rows.insertion(crate, COLUMNS))

# PostgreSQL holds no NUL in a text, and a lone surrogate is no text.
words = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
shanghai = timezone(timedelta(hours=8))
since_1970 = st.timedeltas(timedelta(days=-30_000), timedelta(days=90_000))
instants = st.builds(
    lambda zone, past: datetime(1970, 1, 1, tzinfo=zone) + past, st.sampled_from([UTC, shanghai]), since_1970
)
values = st.fixed_dictionaries(
    {
        "id": st.builds(new_id),
        "name": st.none() | words,
        "fen": st.none() | st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "sealed": st.none() | st.booleans(),
        "at": st.none() | instants,
        "day": st.none() | st.dates(date(1900, 1, 1)),
        "words": st.none() | st.lists(words),
        "raw": st.dictionaries(words, st.none() | words | st.integers(-(10**9), 10**9) | st.lists(words)),
        "proof": st.none() | st.binary(max_size=64),
    }
)


@pytest.fixture
def database(service_database: Callable[[str], Database]) -> Database:
    database = service_database("crates")
    with database.begin() as conn:
        crate.create(conn, checkfirst=True)
    return database


@pytest.mark.spec("P3.1")
@given(st.lists(values, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_rows_arrive_in_order_and_as_they_were(database: Database, given_rows: list[dict[str, Any]]) -> None:
    with database.connect() as conn:
        conn.execute(INSERT, {"rows": rows.document(given_rows)})
        found = conn.execute(select(*(crate.c[name] for name in COLUMNS)).order_by(crate.c.seq)).mappings().all()
    assert [dict(row) for row in found] == given_rows


@pytest.mark.spec("P3.1")
def test_what_json_cannot_hold_exactly_is_refused(database: Database) -> None:
    for wrong in ({"share": float("nan")}, {"share": float("inf")}):
        with pytest.raises(ValueError, match="JSON"):
            rows.document([wrong])
    with pytest.raises(TypeError, match="Decimal"):
        rows.document([{"share": Decimal("0.1")}])
