"""Searching the pool: 1,000,000 pooled leads by parts of names, pinyin, initials and phones (LD7.1).

`python -m bench.pool_search [--quick] [--seed N]`: loads the leads by COPY with what they are found by, then lists the
first page of 50 for 300 wishes of eleven kinds, half of them with a filter of province or grade, by the real use case
on a real PostgreSQL. Prints p50, p95 and p99 per kind, and the ratio to the raw limit: the statements that the use case
sent, sent once more by bare psycopg, read and thrown away.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from random import Random
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from bench.cpu import Work
from bench.pooled_leads import CITIES, GIVEN, LEAD, NOW, SURNAMES, WORDS, Company, company, parts
from bench.report import figure, machine, options, say
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.identity import of_service
from chassis.local import LocalPostgres, create_service_database, temporary_folder
from chassis.migrations import migrate
from chassis.rpc.paging import Page
from chassis.unit_of_work import UnitOfWork
from leads.bootstrap import MIGRATIONS, catalog
from leads.lead.rules import Grade
from leads.pool.list_pool import PoolWish, list_pool
from leads.pool.word_rules import words_of
from leads.tables import pool_words

LEADS, QUICK, WISHES, SEED = 1_000_000, 5_000, 300, 20260310
GOAL = "p95 < 100 ms"
LATER = ("pool_words_line", "pool_words_pieces")
COLUMNS = ", ".join(each.name for each in pool_words.columns)
FILL = f"INSERT INTO pool_words ({COLUMNS}) SELECT {COLUMNS} FROM pool_words_now ORDER BY waiting_since"
Sent = list[tuple[str, Any]]
Words = Callable[[Company, Random], str]

COMMON = ("科技", "keji", "kj", "有限", "hangzhou", "杭州", "杭州 科技")


def sound(text: str) -> str:
    return words_of(text, "", "").sound


def initials(text: str) -> str:
    return words_of(text, "", "").initials


KINDS: dict[str, Words] = {
    "part of a name": lambda one, random: one.brand + one.trade[: random.choice((0, 2))],
    "full pinyin": lambda one, _: sound(one.brand + one.trade),
    "part of the pinyin": lambda one, _: sound(one.brand)[1:],
    "initials": lambda one, _: initials(one.brand + one.trade),
    "mixed": lambda one, _: f"{one.brand} {sound(one.trade)}",
    "phone": lambda _, random: f"{random.randrange(10 ** random.choice((4, 6, 8))):04}",
    "a person": lambda _, random: random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=2)),
    "a city": lambda _, random: random.choice((str, sound))(random.choice(CITIES)[0]),
    "two words": lambda one, random: " ".join(random.sample([one.city, one.brand[:1], one.trade, sound(one.trade)], 2)),
    "no hit": lambda one, _: f"{one.trade}{one.brand}{one.city}",
    "a very common word": lambda _, random: random.choice(COMMON),
}  # fmt: skip


@dataclass(frozen=True)
class Stand:
    """`server`: the process of PostgreSQL."""

    database: Database
    url: str
    server: int


@dataclass(frozen=True)
class Found:
    """`took`: milliseconds by the clock."""

    wish: PoolWish
    took: float
    leads: int
    sent: Sent


@contextmanager
def opened(count: int, seed: int) -> Iterator[Stand]:
    with (
        temporary_folder("closeloop-bench-") as folder,
        LocalPostgres(folder / "postgres", ephemeral=True) as postgres,
    ):
        url = create_service_database(postgres, "leads")
        migrate(url, MIGRATIONS)
        load(url, count, seed)
        database = Database(url)
        try:
            yield Stand(database, url, postgres.process.pid)
        finally:
            database.close()


def load(url: str, count: int, seed: int) -> None:
    """By COPY, then into the pool's own table as the migration does; indexes are built when all are there."""
    with psycopg.connect(url, autocommit=True) as conn, psycopg.connect(url, autocommit=True) as other:
        conn.execute("SET maintenance_work_mem = '1GB'")
        with put_off(conn):
            leads = f"COPY lead ({', '.join(LEAD)}) FROM STDIN"
            words = f"COPY lead_words ({', '.join(WORDS)}) FROM STDIN"
            with conn.cursor().copy(leads) as into, other.cursor().copy(words) as beside:
                for lead, word in parts(count, seed):
                    into.write(lead)
                    beside.write(word)
            conn.execute(FILL)
        conn.execute("VACUUM ANALYZE lead, lead_words, pool_words")


@contextmanager
def put_off(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Triggers that would fill the pool's table lead by lead, and indexes of pieces."""
    found = conn.execute("SELECT indexdef FROM pg_indexes WHERE indexname = ANY (%s)", [list(LATER)]).fetchall()
    conn.execute(f"DROP INDEX {', '.join(LATER)}")
    for table in ("lead", "lead_words"):
        conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for (definition,) in found:
        conn.execute(definition)
    for table in ("lead", "lead_words"):
        conn.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def wishes(count: int, seed: int) -> Iterator[tuple[str, PoolWish]]:
    random = Random(seed)
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        one = company(random)
        provinces = (one.province,) if random.random() < 0.3 else ()
        grades = (random.choice((Grade.A, Grade.B, Grade.C)),) if random.random() < 0.3 else ()
        yield kind, PoolWish(text=KINDS[kind](one, random), provinces=provinces, grades=grades)


@contextmanager
def listening(engine: Engine) -> Iterator[Sent]:
    """What goes to the database meanwhile."""
    sent: Sent = []

    def hear(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds by the clock, and the answer."""
    started = time.perf_counter()
    answer = work()
    return (time.perf_counter() - started) * 1000, answer


def raw(conn: psycopg.Connection[Any], rows: Sequence[Found]) -> None:
    for statement, parameters in (one for each in rows for one in each.sent):
        conn.execute(statement, parameters).fetchall()


def measure(stand: Stand, count: int, seed: int) -> Iterator[tuple[str, list[Found], float]]:
    """Kind by kind: its wishes, and what one of them cost in CPU milliseconds of this process and PostgreSQL."""
    uow = UnitOfWork(stand.database, FixedClock(NOW), catalog(), service="leads")
    for kind, of_kind in groupby(sorted(wishes(count, seed), key=lambda each: each[0]), key=lambda each: each[0]):
        found = []
        work = Work({"postgres": stand.server})
        for _, wish in of_kind:
            with uow.read(of_service("leads")) as tx, listening(stand.database.engine) as sent:
                took, (leads, _) = timed(partial(list_pool, tx, wish, Page()))
            found.append(Found(wish, took, len(leads), sent))
        yield kind, found, sum(work.seconds().values()) * 1000 / len(found)


def nearest(values: Sequence[float], share: float) -> float:
    return sorted(values)[max(0, -(-len(values) * int(share * 100) // 100) - 1)]


def told(name: str, rows: Sequence[Found], bare: float, cpu: float, goal: str = "") -> None:
    p50, p95, p99 = (nearest([each.took for each in rows], share) for share in (0.5, 0.95, 0.99))
    full = sum(each.leads == Page().size for each in rows)
    figure(f"{name}, {len(rows)} wishes, {full} full pages",
           f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms; {cpu:.1f} CPU ms each", goal,
           f"{sum(each.took for each in rows) / bare:.2f} to the bare statements")  # fmt: skip


def main() -> int:
    asked = options(__doc__ or "", seed="of leads and wishes")
    machine()
    count, seed = QUICK if asked.quick else LEADS, int(asked.seed or SEED)
    every, bare_of_all, cpu_of_all = [], 0.0, 0.0
    with opened(count, seed) as stand, psycopg.connect(stand.url, autocommit=True) as conn:
        say(f"{count} leads of the pool loaded")
        for _ in measure(stand, 3 * len(KINDS), seed + 1):
            pass  # warms up
        for kind, rows, cpu in measure(stand, WISHES, seed):
            bare, _ = timed(partial(raw, conn, rows))
            told(kind, rows, bare, cpu)
            worst = max(rows, key=lambda each: each.took)
            say(f"  slowest {worst.took:.0f} ms: {worst.wish.text!r} {worst.wish.provinces} {worst.wish.grades}")
            every += rows
            bare_of_all, cpu_of_all = bare_of_all + bare, cpu_of_all + cpu * len(rows)
    told("all", every, bare_of_all, cpu_of_all / len(every), GOAL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
