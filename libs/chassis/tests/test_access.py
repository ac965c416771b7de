"""Who sees which rows: in Python and in SQL the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select

from chassis.access import visible_rows
from chassis.database import Database
from chassis.identity import Identity, Level
from chassis.testing.identity import as_director, as_manager, as_rep, as_service, identity

UNITS = ["/HQ/", "/HQ/EAST/", "/HQ/EAST/HZ1/", "/HQ/EAST/HZ10/", "/HQ/WEST/CD_1/", "/HQ/WEST/CDX1/", "/HQ/W%/", None]
OWNERS = ["E1", "E2", "E_", "", None]
ROWS = [(owner, unit) for owner in OWNERS for unit in UNITS]

rows = Table(
    "visible", MetaData(), Column("id", Integer, primary_key=True), Column("owner", Text), Column("unit", Text)
)


@pytest.fixture
def database(service_database: Callable[..., Database]) -> Database:
    database = service_database("access")
    with database.begin() as connection:
        rows.create(connection)
        connection.execute(insert(rows), [{"owner": owner, "unit": unit} for owner, unit in ROWS])
    return database


@pytest.mark.spec("P1.4")
@given(
    subject=st.sampled_from(["E1", "E2", "E_", "%"]),
    level=st.sampled_from(["self", "team", "company"]),
    unit=st.sampled_from([each for each in UNITS if each] + [""]),
    service=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_sql_shows_exactly_what_the_rule_allows(
    database: Database, subject: str, level: Level, unit: str, service: bool
) -> None:
    caller = as_service("leads") if service else identity(subject, level=level, unit=unit)
    with database.connect() as connection:
        condition = visible_rows(caller, rows.c.owner, rows.c.unit)
        seen = connection.execute(select(rows.c.owner, rows.c.unit).where(condition)).all()

    assert sorted(map(str, seen)) == sorted(str(row) for row in ROWS if caller.may_see(*row))


@pytest.mark.spec("P1.4")
@pytest.mark.parametrize(
    ("caller", "owner", "unit", "sees"),
    [
        (as_rep("E1"), "E1", "/HQ/WEST/", True),
        (as_rep("E1"), "E2", "/HQ/EAST/HZ1/", False),
        (as_manager("E9", "/HQ/EAST/HZ1/"), "E2", "/HQ/EAST/HZ1/", True),
        (as_manager("E9", "/HQ/EAST/HZ1/"), "E2", "/HQ/EAST/HZ10/", False),
        (as_manager("E9", "/HQ/EAST/HZ1/"), "E9", "/HQ/WEST/", True),
        (as_director("E8", "/HQ/EAST/"), "E2", "/HQ/EAST/HZ10/", True),
        (identity("E7", level="team", unit=""), "E2", "/HQ/", False),
        (as_rep("E1"), None, None, False),
    ],
)
def test_the_three_levels(caller: Identity, owner: str | None, unit: str | None, sees: bool) -> None:
    assert caller.may_see(owner, unit) is sees
