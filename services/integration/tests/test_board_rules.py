"""The three-way match as rules: colours, what is missing, differences that cancel (N5.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.board.offset_rules import Gap, counterparts
from integration.board.pairing_rules import cancel
from integration.board.policy import ThreeWayPolicy
from integration.board.reason_rules import reason_of
from integration.board.row_rules import row_of
from integration.board.rules import Colour, Difference, Offset, OrderSides, Side, Sides, judge
from integration.board.thread_rules import Documents, DueAmount, Paid, Paper, SoldOrder, by_currency, figures_of

POLICY = ThreeWayPolicy()
# 100,000 yuan: ordered, due, delivered, paid, invoiced.
WHOLE = 10_000_000
MATCHED = Sides(WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE)
TODAY = date(2026, 3, 10)
fen = st.integers(-(10**12), 10**12)


def colour(**changes: int | bool | None) -> Colour:
    return judge(replace(MATCHED, **changes), POLICY).colour  # type: ignore[arg-type]


@pytest.mark.spec("N5.1")
@pytest.mark.parametrize("side", ["delivered", "received", "invoiced"])
@pytest.mark.parametrize(
    ("off", "expected"),
    [(0, "green"), (49_999, "green"), (50_000, "green"), (50_001, "red"), (5_000_000, "red")],
)
def test_exactly_500_yuan_are_not_red(side: str, off: int, expected: str) -> None:
    assert colour(**{side: WHOLE - off}) == expected
    assert colour(**{side: WHOLE + off}) == expected


@pytest.mark.spec("N5.1")
@pytest.mark.parametrize(
    ("side", "name"),
    [("due", "due"), ("delivered", "delivery"), ("received", "receipt"), ("invoiced", "invoice")],
)
def test_a_missing_document_is_yellow_and_named(side: str, name: str) -> None:
    verdict = judge(replace(MATCHED, **{side: None}), POLICY)
    assert (verdict.colour, verdict.missing, verdict.differences) == (Colour.YELLOW, (Side(name),), ())


@pytest.mark.spec("N5.1")
def test_no_money_is_missing_while_nothing_is_due() -> None:
    assert judge(replace(MATCHED, due=0, received=None), POLICY).colour is Colour.GREEN
    assert judge(replace(MATCHED, due=1, received=None), POLICY).missing == (Side.RECEIPT,)


@pytest.mark.spec("N5.1")
def test_a_missing_document_doesn_t_hide_a_difference() -> None:
    verdict = judge(replace(MATCHED, delivered=None, invoiced=WHOLE + 60_000), POLICY)
    assert (verdict.colour, verdict.missing) == (Colour.RED, (Side.DELIVERY,))
    assert verdict.differences == (Difference(Side.INVOICE, 60_000),)


@pytest.mark.spec("N5.1")
def test_paid_without_a_contract_entered_is_red_whatever_the_amount() -> None:
    verdict = judge(Sides(contract=None, due=1, planned=1, received=1), POLICY)
    assert (verdict.colour, verdict.paid_without_contract) == (Colour.RED, True)
    unpaid = judge(Sides(contract=None, due=WHOLE, planned=WHOLE, delivered=WHOLE), POLICY)
    assert (unpaid.colour, unpaid.paid_without_contract) == (Colour.YELLOW, False)
    assert Side.CONTRACT in unpaid.missing


@pytest.mark.spec("N5.1")
def test_goods_money_and_invoices_may_be_ahead_of_the_due_dates_but_not_of_the_contract() -> None:
    first_third = replace(MATCHED, due=3_000_000)
    assert judge(first_third, POLICY).colour is Colour.GREEN
    strict = judge(first_third, ThreeWayPolicy(ahead_is_fine=False))
    assert [each.fen for each in strict.differences] == [7_000_000] * 3
    assert judge(replace(first_third, invoiced=WHOLE + 50_001), POLICY).colour is Colour.RED


@pytest.mark.spec("N5.1")
def test_more_due_than_the_contract_has_is_a_difference() -> None:
    verdict = judge(replace(MATCHED, due=WHOLE + 60_000, planned=WHOLE + 60_000), POLICY)
    assert Difference(Side.DUE, 60_000) in verdict.differences
    assert verdict.colour is Colour.RED


@pytest.mark.spec("N5.1")
def test_of_a_cancelled_contract_nothing_is_missing_and_nothing_may_remain() -> None:
    cancelled = Sides(contract=0, cancelled=True)
    assert judge(cancelled, POLICY).colour is Colour.GREEN
    assert judge(replace(cancelled, invoiced=0, delivered=0), POLICY).colour is Colour.GREEN
    assert judge(replace(cancelled, invoiced=WHOLE), POLICY).colour is Colour.RED


@pytest.mark.spec("N5.1")
def test_two_differences_of_one_contract_that_cancel_are_flagged() -> None:
    verdict = judge(replace(MATCHED, delivered=WHOLE - 100_000, invoiced=WHOLE + 100_000), POLICY)
    assert verdict.offsets == (Offset(Difference(Side.DELIVERY, -100_000), Difference(Side.INVOICE, 100_000)),)
    assert not judge(replace(MATCHED, delivered=WHOLE - 100_000, invoiced=WHOLE - 100_000), POLICY).offsets


@pytest.mark.spec("N5.1")
def test_orders_of_one_contract_that_cancel_are_red_although_the_contract_matches() -> None:
    orders = (OrderSides("SO-1", 6_000_000, 7_000_000, 6_000_000), OrderSides("SO-2", 4_000_000, 3_000_000, 4_000_000))
    verdict = judge(replace(MATCHED, orders=orders), POLICY)
    assert verdict.colour is Colour.RED
    [offset] = verdict.offsets
    assert (offset.first.order_id, offset.first.fen, offset.second.order_id, offset.second.fen) == (
        "SO-1", 1_000_000, "SO-2", -1_000_000,
    )  # fmt: skip
    waiting = (OrderSides("SO-1", 6_000_000, 6_000_000), OrderSides("SO-2", 4_000_000, 1_000_000))
    assert judge(replace(MATCHED, orders=waiting), POLICY).colour is Colour.GREEN


@pytest.mark.spec("N5.1")
def test_a_contract_of_thousands_of_orders_is_judged_at_once() -> None:
    """Half of them have a thousand yuan too much, half too little: each has its counterpart."""
    gaps = [100_000 if number % 2 else -100_000 for number in range(4000)]
    orders = tuple(OrderSides(f"SO-{place}", 1_000_000, 1_000_000 + gap) for place, gap in enumerate(gaps))
    verdict = judge(replace(MATCHED, orders=orders), POLICY)
    named = {each for offset in verdict.offsets for each in (offset.first.order_id, offset.second.order_id)}
    assert len(named) == len(orders)
    assert len(verdict.offsets) < len(orders)


@pytest.mark.spec("N5.1")
@given(st.builds(Sides, *[st.none() | fen] * 2, fen, *[st.none() | fen] * 3, st.booleans()))
def test_every_contract_has_one_colour_and_its_reason(sides: Sides) -> None:
    verdict = judge(sides, POLICY)
    above = [each for each in verdict.differences if abs(each.fen) > 50_000]
    if above or (sides.contract is None and sides.received):
        assert verdict.colour is Colour.RED
    else:
        assert verdict.colour is (Colour.YELLOW if verdict.missing else Colour.GREEN)
    assert all(each.fen != 0 for each in verdict.differences)
    for offset in verdict.offsets:
        assert cancel(offset.first.fen, offset.second.fen, POLICY.tolerance_fen)


@pytest.mark.spec("N5.1")
@given(st.lists(st.tuples(st.sampled_from(["receipt", "invoice"]), st.integers(-200_000, 200_000)), max_size=12))
def test_what_cancels_across_contracts_is_found_and_nothing_else(told: list[tuple[str, int]]) -> None:
    gaps = [Gap(f"HT-{number}", Side(side), amount) for number, (side, amount) in enumerate(told)]
    found = counterparts(gaps, POLICY)
    for gap in gaps:
        fits = [each for each in gaps if each.side is gap.side and cancel(gap.fen, each.fen, POLICY.tolerance_fen)]
        assert bool(fits) == (gap.thread in found)
        if fits:
            [named] = found[gap.thread]
            best = min(abs(gap.fen + each.fen) for each in fits)
            assert abs(gap.fen + named.fen) == best
            assert named.thread != gap.thread


def sold(order_id: str = "SO-1", amount: int = WHOLE, **changes: object) -> SoldOrder:
    whose = ("C1", "一院", "CNY", amount, date(2026, 2, 1))
    return SoldOrder(*whose, **{"order_id": order_id, "contract_number": "HT-1", "salesperson_id": "E1"} | changes)  # type: ignore[arg-type]


def paper(amount: int, currency: str = "CNY") -> Paper:
    return Paper("C1", "一院", currency, amount, TODAY, order_id="SO-1")


@pytest.mark.spec("N5.1")
def test_only_what_is_due_and_counts_by_today_is_compared() -> None:
    tomorrow = TODAY + timedelta(days=1)
    documents = Documents(
        orders=[sold()],
        due=[DueAmount("C1", "", "CNY", 4_000_000, TODAY), DueAmount("C1", "", "CNY", 6_000_000, tomorrow)],
        paid=[
            Paid("C1", "", "CNY", 3_999_000, TODAY, fee_fen=1_000),
            Paid("C1", "", "CNY", 6_000_000, date(2026, 6, 1)),
        ],
    )
    figures = figures_of(documents, TODAY)
    assert (figures.due_fen, figures.received_fen, figures.fee_fen, figures.draft_fen) == (
        4_000_000, 3_999_000, 1_000, 6_000_000,
    )  # fmt: skip
    assert figures.sides.received == 4_000_000, "what a bank kept settles what is due"
    assert figures.changes_on == tomorrow
    later = figures_of(documents, date(2026, 6, 1))
    assert (later.due_fen, later.received_fen, later.draft_fen, later.changes_on) == (WHOLE, 9_999_000, 0, None)


@pytest.mark.spec("N5.1")
def test_red_invoices_and_returns_are_taken_off() -> None:
    documents = Documents(
        orders=[sold()],
        due=[DueAmount("C1", "", "CNY", WHOLE, TODAY)],
        deliveries=[paper(WHOLE + 70_000), paper(-70_000)],
        invoices=[paper(WHOLE), paper(-WHOLE), paper(WHOLE)],
        paid=[Paid("C1", "", "CNY", WHOLE, TODAY)],
    )
    row = row_of("HT-1", "CNY", documents, TODAY, POLICY)
    assert (row["colour"], row["invoiced_fen"], row["delivered_fen"]) == ("green", WHOLE, WHOLE)
    documents.invoices.pop()
    row = row_of("HT-1", "CNY", documents, TODAY, POLICY)
    assert (row["colour"], row["invoiced_fen"], row["missing"]) == ("red", 0, [])


@pytest.mark.spec("N5.1")
def test_currencies_are_not_compared() -> None:
    documents = Documents(orders=[sold()], invoices=[paper(WHOLE), paper(5, "USD")])
    apart = by_currency(documents)
    assert {name: len(each.every) for name, each in apart.items()} == {"CNY": 2, "USD": 1}
    row = row_of("HT-1", "USD", apart["USD"], TODAY, POLICY)
    assert (row["colour"], row["contract_fen"], row["salesperson_id"]) == ("yellow", 0, "")


@pytest.mark.spec("N5.1")
def test_an_order_without_a_contract_number_has_no_contract_entered() -> None:
    documents = Documents(orders=[sold(contract_number="")], paid=[Paid("C1", "", "CNY", 5, TODAY)])
    row = row_of("SO-1", "CNY", documents, TODAY, POLICY)
    assert (row["colour"], row["paid_without_contract"]) == ("red", True)
    assert "contract" in row["missing"]


@pytest.mark.spec("N5.1")
def test_the_reason_is_in_both_languages() -> None:
    differences = [
        {"side": "invoice", "fen": 123_456, "order_id": ""},
        {"side": "delivery", "fen": -60_000, "order_id": "SO-2"},
    ]
    en, zh = reason_of(["receipt"], differences, "CNY", paid_without_contract=False)
    assert en == ("invoice 1,234.56 CNY above the contract; delivery 600.00 CNY below the order SO-2; missing: receipt")
    assert zh == "发票比合同多 1,234.56 CNY；发货比订单 SO-2 少 600.00 CNY；缺少：回款"
    assert reason_of([], [], "CNY", paid_without_contract=True) == (
        "paid without a contract entered", "已回款但未录入合同",
    )  # fmt: skip
