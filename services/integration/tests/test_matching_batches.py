"""However many receipts are read at once, and in whatever book, the claims are those of the rules over everything."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.claiming.book_rules import Book
from integration.claiming.fuzzy_rules import ALIKE
from integration.claiming.likeness_rules import key_likeness, may_reach
from integration.claiming.match_waiting import match_waiting
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.rules import Due, Part
from integration.receivables.name_rules import contract_key, payer_key
from integration.tables import bank_entry, claim, known_payer, receivable
from services.integration.tests.conftest import World, as_service
from services.integration.tests.labelled import book, book_of, labelled, match
from tools.receipt_lab.books import Books, Owed
from tools.receipt_lab.payments import MAIN_ACCOUNT, Payment

POLICY = ClaimingPolicy()
RECEIPTS = 400
Parts = dict[str, list[tuple[str, int, int]]]


def put(world: World, made: Books, paid: list[Payment]) -> None:
    payers = {(each.customer.code, payer_key(name)): name for each in made.owed for name in each.payers}
    world.put(receivable, *map(owed, made.owed))
    world.put(
        known_payer,
        *(
            {"customer_code": code, "payer_key": key, "payer_name": name, "origin": "erp"}
            for (code, key), name in payers.items()
        ),
    )
    # Ids in the order of the set, so that receipts of one day come in the order in which the rules alone see them.
    world.put(bank_entry, *(entry(new_id(), each) for each in paid))


def owed(each: Owed) -> dict[str, Any]:
    return {
        "receivable_id": each.receivable_id, "source_version": 1, "contract_number": each.contract,
        "customer_code": each.customer.code, "customer_name": each.customer.name, "salesperson_id": "E00001",
        "amount_fen": each.fen, "due_on": each.due_on, "virtual_account": each.virtual_account,
        "contract_key": contract_key(each.contract), "customer_key": payer_key(each.customer.name), "content_hash": b"",
    }  # fmt: skip


def entry(id_: str, each: Payment) -> dict[str, Any]:
    return {
        "id": id_, "statement_id": new_id(), "bank": "B", "account": MAIN_ACCOUNT, "serial": each.id,
        "booked_on": each.booked_on, "credit": True, "reversal": each.reversal, "amount_fen": each.fen,
        "payer_name": each.payer, "credited_account": "" if each.credited == MAIN_ACCOUNT else each.credited,
        "remark": each.remark, "content_hash": b"", "state": "waiting",
    }  # fmt: skip


def claims(tx: Transaction) -> Parts:
    found: defaultdict[str, list[tuple[str, int, int]]] = defaultdict(list)
    rows = tx.execute(select(claim, bank_entry.c.serial).join(bank_entry, bank_entry.c.id == claim.c.receipt_id))
    for row in rows:
        found[row.serial].append((row.receivable_id, row.amount_fen, row.fee_fen))
    return {serial: sorted(parts) for serial, parts in found.items()}


@pytest.mark.spec("N4.1", "N4.3")
@pytest.mark.parametrize("seed", [11, 12])
def test_receipts_read_in_batches_are_claimed_as_by_the_rules_over_everything(world: World, seed: int) -> None:
    made, paid = labelled(seed, RECEIPTS)
    put(world, made, paid)
    # A draft whose number is another's is held back by its store, not by the rules.
    drafts = {each.id for each in paid if each.matures_on}
    alone = match(book(made), paid, POLICY)
    expected = {id_: sorted((each.receivable_id, each.fen, each.fee_fen) for each in alone[id_]) for id_ in alone}
    found: dict[int, Parts] = {}
    for at_once in (1, 7, 150, 5_000):
        with world.service.uow.begin(as_service("integration")) as tx:
            count = match_waiting(tx, POLICY, at_once)
            found[at_once] = claims(tx)
        assert count == len(found[at_once]) > RECEIPTS * 0.8
        assert found[at_once] == found[1]
    assert {id_: parts for id_, parts in found[1].items() if id_ not in drafts} == {
        id_: parts for id_, parts in expected.items() if id_ not in drafts
    }


@given(st.text("杭州市第一二医院区县科技Ab", max_size=14), st.text("杭州市第一二医院区县科技Ab", max_size=14))
def test_names_that_are_refused_at_once_are_never_alike(one: str, other: str) -> None:
    if key_likeness(one, other) >= ALIKE:
        assert may_reach(one, other, ALIKE)


@given(
    st.lists(st.tuples(st.integers(1, 4_000), st.sampled_from(["CNY", "USD"])), max_size=20),
    st.lists(st.tuples(st.integers(0, 19), st.integers(1, 4_000)), max_size=10),
    st.integers(0, 20),
)
def test_a_book_that_grew_and_was_taken_from_is_one_made_of_what_is_left(
    amounts: list[tuple[int, str]], taken: list[tuple[int, int]], first: int
) -> None:
    dues = [due(number, fen, currency) for number, (fen, currency) in enumerate(amounts)]
    grown = Book()
    grown.add(dues[:first])
    left = Counter({each.receivable_id: each.open_fen for each in dues})
    for number, fen in taken:
        if number < min(first, len(dues)) and left[f"A{number}"] >= fen:
            grown.take(Part(f"A{number}", fen))
            left[f"A{number}"] -= fen
    grown.add(dues)
    fresh = book_of((due(at, left[f"A{at}"], currency) for at, (_, currency) in enumerate(amounts)), {})
    for least, most in ((1, 4_000), (500, 1_500), (1_999, 2_000)):
        assert sorted(of_amount(grown, least, most)) == sorted(of_amount(fresh, least, most))
    assert grown.of_customers(["C0", "C1"], "CNY") == fresh.of_customers(["C0", "C1"], "CNY")
    assert grown.of_contract("HT-0002", "USD") == fresh.of_contract("HT-0002", "USD")


@pytest.mark.timeout(20)
def test_a_policy_with_fees_without_bounds_looks_through_no_more_than_the_book_has() -> None:
    made = Book()
    made.add([due(0, 10**14, "CNY"), due(1, 500, "CNY"), due(2, 500, "USD")])
    assert of_amount(made, 1_000, 10**15) == [("A0", 10**14)]


def due(number: int, fen: int, currency: str) -> Due:
    return Due(
        f"A{number}", f"HT-{number % 3:04}", f"C{number % 2}", "某某公司", fen, currency, date(2026, 3, 1 + number)
    )


def of_amount(book: Book, least: int, most: int) -> list[tuple[str, int]]:
    return [(each.receivable_id, each.open_fen) for each in book.of_amount(least, most, "CNY")]
