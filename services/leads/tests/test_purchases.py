"""Orders in the customer's file: told twice, late, before their customer, or brought along."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.rpc.paging import Page
from chassis.testing.events import deliver
from chassis.testing.identity import as_service
from chassis.testing.locks import until_blocked
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.integration.v1.events_pb2 import OrderChanged, OrderFacts, OrderReceived
from closeloop.leads.v1.events_pb2 import CustomerCreated, CustomerFacts, CustomerUpdated
from leads import tables
from leads.customers import firm_store
from leads.customers import store as customers
from leads.customers.rules import Customer
from leads.purchases import store
from leads.purchases.keep_migrated import Kept, keep_migrated
from leads.purchases.link_purchases import link_purchases
from leads.purchases.rules import Buyer, Buyers, Purchase, Source, State, newest, tells_more
from leads.purchases.take_orders import take_orders

from .company import Company, stamp
from .test_from_outside import AT, customer

NAME = "杭州第一医院"
BROUGHT = Purchase(
    "SO-1", Source.MIGRATED, 0, "C-1", NAME, "杭州第一医院", "HT-1", "E1", "S001", Money.of("1000"), date(2026, 1, 5),
    State.ACTIVE,
)  # fmt: skip


def order(number: str = "SO-1", version: int = 1, at: datetime = AT, **changes: Any) -> OrderReceived | OrderChanged:
    told = {
        "contract_number": f"HT-{number}", "customer_code": "C-1", "customer_name": NAME, "salesperson_id": "E1",
        "amount": MoneyMessage(fen=100_000, currency="CNY"), "state": "active", "store": "",
    } | changes  # fmt: skip
    facts = OrderFacts(order_id=number, version=version, signed_at=stamp(at), **told)
    message = OrderReceived if version == 1 else OrderChanged
    return message(order_id=number, order=facts)


def created(company: Company, customer_id: str, updated: bool = False) -> None:
    message = CustomerUpdated if updated else CustomerCreated
    deliver(company.service, message(customer_id=customer_id, customer=CustomerFacts(customer_id=customer_id)))


def purchases(company: Company) -> dict[str, Any]:
    with company.service.uow.read(as_service("leads")) as tx:
        return {row.order_number: row for row in tx.execute(select(tables.purchase))}


def bring(company: Company, *brought: Purchase) -> Kept:
    with company.service.uow.begin(as_service("leads")) as tx:
        kept = keep_migrated(tx, brought)
        tx.commit()
    return kept


@pytest.mark.spec("LD9.1")
def test_an_order_is_the_customers_once_however_often_it_is_told(company: Company) -> None:
    known = customer(company, NAME, customer_code="C-1")
    deliver(company.service, order(store="S001", at=datetime.fromisoformat("2026-02-28T16:30:00Z")), times=2)
    deliver(company.service, order(store="S001", at=datetime.fromisoformat("2026-02-28T16:30:00Z")))
    [held] = purchases(company).values()
    assert (held.customer_id, held.amount_fen, held.currency, held.store) == (known, 100_000, "CNY", "S001")
    assert (held.signed_on, held.source, held.state) == (date(2026, 3, 1), "erp", "active")


@pytest.mark.spec("LD9.1")
@pytest.mark.parametrize("versions", list(permutations((1, 2, 3))))
def test_the_newest_version_counts_in_whatever_order_they_come(company: Company, versions: Sequence[int]) -> None:
    told = {
        1: order(),
        2: order(version=2, amount=MoneyMessage(fen=250_000, currency="USD")),
        3: order(version=3, amount=MoneyMessage(fen=250_000, currency="USD"), state="cancelled"),
    }
    for version in versions:
        deliver(company.service, told[version])
    [held] = purchases(company).values()
    assert (held.version, held.amount_fen, held.currency, held.state) == (3, 250_000, "USD", "cancelled")


@pytest.mark.spec("LD9.1")
def test_an_order_waits_for_its_customer(company: Company) -> None:
    deliver(company.service, order(), order("SO-2", customer_code="C-2", customer_name="别家"))
    assert {each.customer_id for each in purchases(company).values()} == {None}
    known = customer(company, "改了名的医院", customer_code="C-1")
    created(company, known)
    held = purchases(company)
    assert (held["SO-1"].customer_id, held["SO-2"].customer_id) == (known, None)


@pytest.mark.spec("LD9.1", "LD1.3")
def test_a_customer_without_a_number_is_known_by_its_name_until_the_number_says_otherwise(company: Company) -> None:
    converted = customer(company, NAME)
    deliver(company.service, order())
    assert purchases(company)["SO-1"].customer_id == converted
    numbered = customer(company, "杭州第一医院有限公司", customer_code="C-1")
    created(company, numbered, updated=True)
    assert purchases(company)["SO-1"].customer_id == numbered


@pytest.mark.spec("LD9.1")
def test_the_move_of_an_order_touches_both_customers(company: Company) -> None:
    first, second = customer(company, NAME, customer_code="C-1"), customer(company, "乙", customer_code="C-2")
    told = replace(BROUGHT, source=Source.ERP, version=1)
    with company.service.uow.begin(as_service("leads")) as tx:
        assert take_orders(tx, [told]) == {first}
        assert take_orders(tx, [told]) == set()
        assert take_orders(tx, [replace(told, version=2, customer_code="C-2")]) == {first, second}
        assert link_purchases(tx, [first, second]) == set()
        tx.commit()
    assert purchases(company)["SO-1"].customer_id == second


@pytest.mark.spec("LD1.6")
def test_the_erps_word_takes_the_place_of_what_was_brought_along(company: Company) -> None:
    known = customer(company, NAME, customer_code="C-1")
    by_contract = replace(BROUGHT, order_number="HT-SO-9")
    assert bring(company, BROUGHT, by_contract).customers == {known}
    assert {each.source for each in purchases(company).values()} == {"migrated"}
    deliver(company.service, order(amount=MoneyMessage(fen=7, currency="CNY")), order("SO-9"))
    held = purchases(company)
    assert set(held) == {"SO-1", "SO-9"}
    assert {each.source for each in held.values()} == {"erp"}
    assert held["SO-1"].amount_fen == 7
    again = bring(company, BROUGHT, by_contract, replace(BROUGHT, order_number="SO-3"))
    assert again.refused == {"SO-1", "HT-SO-9"}
    assert purchases(company)["SO-1"].amount_fen == 7
    assert bring(company, replace(BROUGHT, order_number="SO-3")).refused == {"SO-3"}


@pytest.mark.spec("LD1.6")
def test_an_import_is_taken_back_but_for_what_the_erp_told_meanwhile(company: Company) -> None:
    known, import_id = customer(company, NAME, customer_code="C-1"), new_id()
    bring(company, replace(BROUGHT, import_id=import_id), replace(BROUGHT, order_number="SO-2", import_id=import_id))
    deliver(company.service, order())
    with company.service.uow.begin(as_service("leads")) as tx:
        assert store.forget_import(tx, import_id, 100) == [known]
        tx.commit()
    assert set(purchases(company)) == {"SO-1"}


@pytest.mark.spec("LD9.1")
def test_an_order_and_its_customer_that_come_at_once_find_each_other(company: Company) -> None:
    """Whoever is second waits, and sees what the first did."""
    uow = company.service.uow
    made = Customer(new_id(), NAME, "x", AT, customer_code="C-1")

    def take() -> set[str]:
        with uow.begin(as_service("leads")) as tx:
            touched = take_orders(tx, [replace(BROUGHT, source=Source.ERP, version=1)])
            tx.commit()
        return touched

    with ThreadPoolExecutor(1) as beside:
        with uow.begin(as_service("leads")) as maker:
            firm_store.lock_firms(maker, ["C-1"])
            customers.add(maker, [made])
            taken = beside.submit(take)
            until_blocked(uow.database)
            maker.commit()
        assert taken.result(timeout=10) == {made.customer_id}


told = st.builds(
    replace,
    st.just(BROUGHT),
    order_number=st.sampled_from(["SO-1", "SO-2"]),
    source=st.sampled_from(Source),
    version=st.integers(0, 4),
    amount=st.integers(0, 9).map(Money),
)


@given(st.lists(told, max_size=12), st.randoms(use_true_random=False))
def test_of_many_words_about_an_order_the_highest_version_is_kept(words: list[Purchase], chance: Any) -> None:
    kept = newest(words)
    assert {number: each.version for number, each in kept.items()} == {
        each.order_number: max(w.version for w in words if w.order_number == each.order_number) for each in words
    }
    shuffled = sorted(words, key=lambda _: chance.random())
    assert {n: e.version for n, e in newest(shuffled).items()} == {n: e.version for n, e in kept.items()}


@given(told, told)
def test_of_two_words_at_most_one_tells_more(one: Purchase, other: Purchase) -> None:
    assert tells_more(one, None)
    assert not (tells_more(one, other) and tells_more(other, one))
    if one.source is Source.MIGRATED:
        assert not tells_more(one, other)


@pytest.mark.spec("LD1.3")
@pytest.mark.parametrize(
    ("known", "owner"),
    [
        ([Buyer("a", "C-1", "x")], "a"),
        ([Buyer("a", "", "杭州第一医院")], "a"),
        ([Buyer("a", "C-2", "杭州第一医院")], None),
        ([Buyer("a", "", "杭州第一医院"), Buyer("b", "", "杭州第一医院")], None),
        ([Buyer("a", "", "杭州第一医院"), Buyer("b", "C-1", "x")], "b"),
        ([], None),
    ],
)
def test_whose_an_order_is(known: list[Buyer], owner: str | None) -> None:
    assert Buyers(known).linked(BROUGHT).customer_id == owner


def test_orders_of_a_day_ago_are_listed_before_older_ones(company: Company) -> None:
    known = customer(company, NAME, customer_code="C-1")
    deliver(company.service, order("SO-1", at=AT - timedelta(days=9)), order("SO-2"), order("SO-3", at=AT))
    with company.service.uow.read(as_service("leads")) as tx:
        assert [row.order_number for row in store.listed(tx, known, Page(10))] == ["SO-3", "SO-2", "SO-1"]
