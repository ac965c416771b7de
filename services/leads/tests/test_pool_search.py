"""Words are looked for in two ways, by the index or along the pool; whichever is taken, the page is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page, decode_token
from leads import tables
from leads.lead.rules import Grade
from leads.pool import search_store as store
from leads.pool.index_leads import index_leads
from leads.pool.list_pool import PoolWish, list_pool
from leads.pool.search_rules import Part, PieceShares, are_common
from leads.pool.word_rules import Words, runs_of, words_of

from .company import Company, as_hq

SHARES = {
    "c:科技": 0.33,
    "c:杭州": 0.33,
    "i:kj": 0.36,
    "p:keji": 0.34,
    "d:138": 0.12,
    "city=宁波": 0.1,
} | dict.fromkeys(("p:hang", "p:angz", "p:ngzh", "p:gzho", "p:zhou"), 0.34)
KNOWN = PieceShares(1_000_000, SHARES, least=0.002)
WORDS = ("科技", "keji", "kj", "杭州", "杭州 科技", "云", "yunqi", "138", "云启 hangzhou", "海天", "没有", "g")
NINGBO = Part({"city": ["宁波"]}, limit=51)
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.spec("LD7.1")
@pytest.mark.parametrize(
    ("sought", "part", "common"),
    [
        ("科技", Part(limit=51), True),
        ("hangzhou", Part(limit=51), True),
        ("kj", Part(limit=51), True),
        ("杭州 科技", Part(limit=51), True),
        ("138", Part(limit=51), True),
        ("科技", NINGBO, True),
        ("云启", Part(limit=51), False),
        ("云启 科技", Part(limit=51), False),
        ("13800001999", Part(limit=51), False),
        ("yunqikeji", Part(limit=51), False),
        ("科技", Part({"city": ["某某"]}, limit=51), False),
    ],
)
def test_the_pool_is_walked_for_what_many_leads_have(sought: str, part: Part, common: bool) -> None:
    assert are_common(runs_of(sought), part, KNOWN) is common


def test_where_nothing_was_counted_yet_the_index_is_asked() -> None:
    assert not are_common(runs_of("科技"), Part(), PieceShares())


def test_the_larger_the_page_the_commoner_a_word_has_to_be() -> None:
    few = PieceShares(100, SHARES)
    assert are_common(runs_of("科技"), Part(limit=51), few)
    assert not are_common(runs_of("科技"), Part(limit=201), few)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), st.dictionaries(
    st.sampled_from(sorted(SHARES)), st.floats(0.002, 1.0)))  # fmt: skip
def test_words_together_are_no_commoner_than_the_rarest_and_its_pieces(
    words: list[str], shares: dict[str, float]
) -> None:
    known, part = PieceShares(1_000_000, shares, least=0.002), Part()
    runs = runs_of(" ".join(words))
    assert 0 < known.of(runs, NINGBO) <= known.of(runs, part) <= min(known.of([run], part) for run in runs)
    for run in runs:
        most = sum(min(shares.get(piece, 0.002) for piece in way) for way in run.ways)
        assert known.of([run], part) <= most + 1e-12


def filled(company: Company) -> None:
    """Three hundred leads of the pool and some that are not in it, found by their words and counted."""
    rows = [
        {
            "lead_id": new_id(), "state": "recycled" if n % 10 else "assigned", "grade": ("A", "B", "C", "")[n % 4],
            "company_name": ("杭州", "宁波", "上海")[n % 3] + ("云启", "海天", "博雅", "金鼎")[n % 7 % 4]
            + ("科技", "医疗", "机械")[n % 5 % 3] + "有限公司",
            "name_key": "", "phone": f"+8613{n % 9}{n:08}", "channel": "expo", "city": ("杭州", "宁波")[n % 2],
            "province": "浙江", "captured_at": AT, "last_touch_at": AT,
            "waiting_since": AT + timedelta(minutes=n * 7 % 40),
        }
        for n in range(330)
    ]  # fmt: skip
    with company.service.uow.begin(as_hq()) as tx:
        tx.execute(insert(tables.lead), rows)
        assert index_leads(tx, [str(row["lead_id"]) for row in rows]) == 330
        tx.execute(text("ANALYZE lead, pool_words"))
        tx.commit()


@pytest.mark.spec("LD7.1")
def test_both_ways_tell_the_same_leads_in_the_same_order(company: Company) -> None:
    filled(company)
    filters: tuple[dict[str, list[str]], ...] = (
        {}, {"city": ["宁波"]}, {"grade": ["A", ""], "city": ["杭州"]}, {"province": ["浙江", "上海"]},
        {"grade": ["X"]},
    )  # fmt: skip
    every = words_of_all(company)
    with company.service.uow.read(as_hq()) as tx:
        for sought, facets, limit in product((*WORDS, "ianxian", "youxiangongsi", "qkj"), filters, (7, 500)):
            runs, part = runs_of(sought), Part(facets, limit=limit)
            by_pieces = store.by_pieces(tx, runs, part, store.piece_shares(tx, runs, part))
            assert store.along_the_pool(tx, runs, part) == by_pieces, (sought, limit)
            assert all(row.state == "recycled" for row in by_pieces)
            assert all(run.in_words(every[row.lead_id]) for row in by_pieces for run in runs)


def words_of_all(company: Company) -> dict[str, Words]:
    with company.service.uow.read(as_hq()) as tx:
        rows = tx.execute(text("SELECT lead_id::text, company_name, contact_name, phone FROM lead")).all()
    return {row.lead_id: words_of(row.company_name, row.contact_name, row.phone) for row in rows}


@pytest.mark.spec("LD7.1")
def test_the_walk_ends_where_the_guess_was_wrong_and_not_where_the_pool_ends(company: Company) -> None:
    filled(company)
    with company.service.uow.read(as_hq()) as tx:
        assert store.along_the_pool(tx, runs_of("没有"), Part(limit=5), walk=20) is None
        assert store.along_the_pool(tx, runs_of("没有"), Part(limit=5), walk=5_000) == []
        assert len(store.along_the_pool(tx, runs_of("科技"), Part(limit=5), walk=100) or ()) == 5


@pytest.mark.spec("LD7.1")
@pytest.mark.parametrize("sought", ["科技", "杭州 科技", "hangzhou", "", "云启"])
def test_page_by_page_the_pool_is_told_as_in_one(company: Company, sought: str) -> None:
    filled(company)
    wish = PoolWish(text=sought, grades=(Grade.A, None))
    with company.service.uow.read(as_hq()) as tx:
        counted = store.piece_shares(tx, runs_of("科技"), NINGBO)
        assert (counted.leads, 0.3 < counted.shares["c:科技"] < 0.5) == (297, True)
        assert 0.4 < counted.shares["city=宁波"] < 0.6
        whole, token = list_pool(tx, wish, Page(size=200))
        assert token == ""
        told, page = [], Page(size=3)
        while True:
            leads, token = list_pool(tx, wish, page)
            told += leads
            if not token:
                break
            page = Page(3, decode_token(token))
    assert told == whole
    assert len(whole) > 10
