from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from chassis.database import Database
from chassis.retention import partitions, tidy
from libs.chassis.tests.data.workshop import count

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def days(database: Database) -> list[date]:
    with database.connect() as connection:
        return sorted(partitions(connection))


def test_there_is_always_room_for_today_and_tomorrow(database: Database) -> None:
    tidy(database, NOON)
    assert days(database) == [date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 12)]
    tidy(database, NOON + timedelta(days=1))
    assert days(database)[-1] == date(2026, 3, 13)


def test_sent_events_go_after_seven_days(database: Database) -> None:
    tidy(database, NOON)
    tidy(database, NOON + timedelta(days=7))
    assert days(database)[0] == date(2026, 3, 10)
    tidy(database, NOON + timedelta(days=8))
    assert date(2026, 3, 10) not in days(database)


def test_inbox_rows_stay_14_days_and_answers_7(database: Database) -> None:
    with database.begin() as connection:
        for age in (6, 8, 13, 15):
            when = {"at": NOON - timedelta(days=age), "id": str(age)}
            connection.execute(text("INSERT INTO inbox VALUES ('workshop', uuidv7(), :at)"), when)
            connection.execute(text("INSERT INTO idempotency VALUES ('E1', 'Step', :id, 'h', 'a', :at)"), when)
    tidy(database, NOON)
    assert (count(database, "inbox"), count(database, "idempotency")) == (3, 1)


def test_replicas_may_tidy_at_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: tidy(database, NOON), range(8)))
    assert len(days(database)) == 3
