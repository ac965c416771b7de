"""The pool is found as a plain look at every lead finds it, whatever became of leads since they came in (LD7.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update

from chassis.database import Database
from chassis.kernel.ids import new_id
from chassis.migrations import downgrade, migrate
from chassis.rpc.paging import Page, decode_token
from chassis.unit_of_work import Transaction, UnitOfWork
from leads import tables
from leads.bootstrap import MIGRATIONS, catalog
from leads.lead.rules import Grade
from leads.pool import search_store as store
from leads.pool.index_leads import forget_words, index_leads
from leads.pool.list_pool import RANKS, PoolWish, list_pool
from leads.pool.search_rules import Part, PieceShares
from leads.pool.word_rules import runs_of, words_of

from .company import Company, as_hq
from .waiting import wait_until

AT = datetime(2026, 3, 1, tzinfo=UTC)
CITIES, GRADES = ("杭州", "宁波", "O'Fallon", "a\\b", ""), ("A", "B", "C", "")
LETTERS = "杭州云启科技重庆银行乐双ABz09"
NAMES = st.text(LETTERS, min_size=1, max_size=9)
SOUGHT = st.text(LETTERS + "qhkjyunig1 ", min_size=1, max_size=5)
# Longer than an index may hold, and that which is sought stands at its end.
LONGEST = "双" * 196 + "云启"


def lead(name: str, number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "lead_id": new_id(), "state": "recycled", "grade": "", "company_name": name, "name_key": "", "contact_name": "",
        "phone": f"+86138{number:08}", "channel": "expo", "province": "浙江", "city": "", "industry": "",
        "captured_at": AT, "last_touch_at": AT, "waiting_since": AT,
    } | changes  # fmt: skip


LEADS = st.lists(
    st.tuples(NAMES, NAMES, st.integers(0, 99_999_999), st.sampled_from(CITIES), st.sampled_from(GRADES),
              st.sampled_from(("recycled", "recycled", "assigned")), st.integers(0, 5)),
    min_size=1, max_size=12,
)  # fmt: skip
# What becomes of one of them: a state, a grade, hours of waiting, and a contact and city that a merge brought.
CHANGES = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(("recycled", "assigned")), st.sampled_from(GRADES), st.integers(0, 5),
              st.none() | st.tuples(NAMES, st.sampled_from(CITIES))),
    max_size=6,
)  # fmt: skip
WISHES = st.lists(
    st.tuples(SOUGHT, st.lists(st.sampled_from(CITIES), max_size=2),
              st.lists(st.sampled_from([*Grade, None]), max_size=2)),
    min_size=1, max_size=6,
)  # fmt: skip


def write(tx: Transaction, leads: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
    rows = [
        lead(name, phone, contact_name=contact, city=city, grade=grade, state=state,
             waiting_since=AT + timedelta(hours=hours))
        for name, contact, phone, city, grade, state, hours in leads
    ]  # fmt: skip
    tx.execute(insert(tables.lead), rows)
    return rows


def change(tx: Transaction, row: dict[str, Any], state: str, grade: str, hours: int, merged: Any) -> None:
    values = {"state": state, "grade": grade, "waiting_since": AT + timedelta(hours=hours)}
    if merged is not None:
        values |= {"contact_name": merged[0], "city": merged[1]}
    row |= values
    tx.execute(update(tables.lead).where(tables.lead.c.lead_id == row["lead_id"]).values(values))
    if merged is not None:
        forget_words(tx, row["lead_id"])
        index_leads(tx, [row["lead_id"]])


def plainly(rows: list[dict[str, Any]], wish: PoolWish) -> list[str]:
    """Every lead is looked at."""
    grades = {each.value if each else "" for each in wish.grades} or set(GRADES)
    found = [
        row
        for row in rows
        if row["state"] == "recycled" and row["grade"] in grades and row["city"] in (wish.cities or CITIES)
        if has(row, wish.text)
    ]
    ranks = {(each.value if each else ""): RANKS[each or Grade.C] for each in (*Grade, None)}
    return [
        row["lead_id"] for row in sorted(found, key=lambda r: (ranks[r["grade"]], r["waiting_since"], r["lead_id"]))
    ]


def has(row: dict[str, Any], sought: str) -> bool:
    words = words_of(row["company_name"], row["contact_name"], row["phone"])
    return all(run.in_words(words) for run in runs_of(sought))


def paged(tx: Transaction, wish: PoolWish, size: int) -> list[str]:
    told, page = [], Page(size)
    while True:
        leads, token = list_pool(tx, wish, page)
        told += [each.lead_id for each in leads]
        if not token:
            return told
        page = Page(size, decode_token(token))


def ids(rows: Iterable[Any] | None) -> list[str]:
    assert rows is not None
    return [row.lead_id for row in rows]


def kept_in_step(tx: Transaction) -> bool:
    """What the database keeps is what it would write now."""
    columns = ", ".join(each.name for each in tables.pool_words.columns)
    now, kept = f"SELECT {columns} FROM pool_words_now", f"SELECT {columns} FROM pool_words"
    return not tx.execute(text(f"({now} EXCEPT {kept}) UNION ALL ({kept} EXCEPT {now})")).all()


@pytest.mark.spec("LD7.1")
def test_the_pool_is_found_as_by_a_look_at_every_lead(company: Company) -> None:
    @settings(max_examples=40, deadline=None)
    @given(LEADS, CHANGES, WISHES, st.integers(1, 4))
    def holds(leads: Any, changes: Any, wishes: Any, size: int) -> None:
        with company.service.uow.begin(as_hq()) as tx:  # rolled back
            rows = write(tx, leads)
            assert index_leads(tx, [row["lead_id"] for row in rows]) == len(rows)
            for number, *changed in changes:
                change(tx, rows[number % len(rows)], *changed)
            assert kept_in_step(tx)
            for sought, cities, grades in wishes:
                wish = PoolWish(text=sought, cities=tuple(cities), grades=tuple(grades))
                if not runs_of(sought):
                    continue
                expected = plainly(rows, wish)
                assert paged(tx, wish, size) == expected
                part = Part({"city": cities} if cities else {}, limit=100)
                anyhow = plainly(rows, PoolWish(text=sought, cities=tuple(cities)))
                assert ids(store.along_the_pool(tx, runs_of(sought), part)) == anyhow
                assert ids(store.by_pieces(tx, runs_of(sought), part, PieceShares())) == anyhow

    holds()


@pytest.mark.spec("LD7.1")
@pytest.mark.parametrize("sought", ["云启", "yunqi", "syq", "0042"])
def test_a_name_too_long_for_the_index_is_found_both_ways(company: Company, sought: str) -> None:
    with company.service.uow.begin(as_hq()) as tx:
        row = lead(LONGEST, 42)
        tx.execute(insert(tables.lead), [row, lead("没有"), lead("上海云")])
        index_leads(tx, [row["lead_id"]])
        assert tx.execute(text("SELECT names FROM pool_words")).scalar_one() is None
        runs = runs_of(sought)
        assert ids(store.along_the_pool(tx, runs, Part())) == [row["lead_id"]]
        assert ids(store.by_pieces(tx, runs, Part(), PieceShares())) == [row["lead_id"]]


@pytest.mark.spec("LD7.1")
def test_a_lead_that_enters_the_pool_while_its_words_are_written_is_found(company: Company) -> None:
    row = lead("杭州云启科技", state="assigned")
    in_step(company.service.uow, lambda tx: tx.execute(insert(tables.lead), [row]))
    recycle = update(tables.lead).where(tables.lead.c.lead_id == row["lead_id"]).values(state="recycled")
    with ThreadPoolExecutor(1) as other, company.service.uow.begin(as_hq()) as tx:
        index_leads(tx, [row["lead_id"]])
        recycled = other.submit(in_step, company.service.uow, lambda theirs: theirs.execute(recycle))
        wait_until(lambda: somebody_waits(tx))
        tx.commit()
        recycled.result(timeout=10)
    with company.service.uow.read(as_hq()) as tx:
        assert paged(tx, PoolWish(text="云启"), 5) == [row["lead_id"]]


@pytest.mark.spec("LD7.1")
def test_a_filled_database_is_searched_after_the_upgrade_with_what_came_meanwhile(
    service_database: Callable[[str], Database], company: Company
) -> None:
    database = service_database("leads")
    downgrade(database.url, MIGRATIONS, "0023")
    before, gone, late = lead("杭州云启科技"), lead("杭州海天", 1), lead("上海云启", 2, city="上海")
    uow = UnitOfWork(database, company.clock, catalog(), service="leads")
    in_step(uow, partial(known, leads=[before, gone]))
    with ThreadPoolExecutor(1) as other, uow.begin(as_hq()) as tx:
        known(tx, [late])
        tx.execute(update(tables.lead).where(tables.lead.c.lead_id == gone["lead_id"]).values(state="assigned"))
        upgraded = other.submit(migrate, database.url, MIGRATIONS)
        wait_until(lambda: somebody_waits(tx))
        tx.commit()
        upgraded.result(timeout=30)
    with uow.read(as_hq()) as tx:
        assert kept_in_step(tx)
        assert paged(tx, PoolWish(text="云启"), 5) == [before["lead_id"], late["lead_id"]]
        assert paged(tx, PoolWish(text="杭州"), 5) == [before["lead_id"]]


def somebody_waits(tx: Transaction) -> bool:
    here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    return bool(tx.execute(text(f"SELECT FROM pg_locks WHERE NOT granted AND database = {here}")).all())


def known(tx: Transaction, leads: list[dict[str, Any]]) -> None:
    tx.execute(insert(tables.lead), leads)
    index_leads(tx, [row["lead_id"] for row in leads])


def in_step(uow: UnitOfWork, work: Callable[[Transaction], Any]) -> None:
    with uow.begin(as_hq()) as tx:
        work(tx)
        tx.commit()
