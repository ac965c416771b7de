"""The schema is the one that tables.py describes, whichever version a database comes from."""

from __future__ import annotations

from collections.abc import Callable

from chassis.database import Database
from chassis.migrations import check, downgrade, migrate
from forecast.bootstrap import MIGRATIONS


def test_a_database_of_the_first_release_gets_what_came_later(service_database: Callable[[str], Database]) -> None:
    url = service_database("forecast").url
    check(url, MIGRATIONS)
    downgrade(url, MIGRATIONS, "0001")
    migrate(url, MIGRATIONS)
    check(url, MIGRATIONS)
