from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.money import CurrencyMismatch, Money

amounts = st.integers(min_value=-(2**63), max_value=2**63 - 1).map(Money)
weights = st.lists(
    st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=4), min_size=1, max_size=20
).filter(any)


@given(amounts, weights)
def test_split_sums_to_the_whole_and_no_share_is_a_fen_off(amount: Money, parts: list[Decimal]) -> None:
    shares = amount.split(parts)
    assert Money.total(shares) == amount
    whole = sum(parts)
    for share, part in zip(shares, parts, strict=True):
        assert abs(Decimal(share.fen) - Decimal(amount.fen) * part / whole) < Decimal("1.000001")


@given(amounts)
def test_yuan_reads_back_to_the_same_amount(amount: Money) -> None:
    assert Money.of(amount.yuan) == amount
    assert Money.of(str(amount.yuan)) == amount


@given(amounts, amounts)
def test_adding_and_taking_away_are_exact(one: Money, other: Money) -> None:
    assert (one + other) - other == one
    assert -(one - other) == other - one
    assert (one < other) == (one.fen < other.fen)


def test_split_gives_the_left_over_fen_to_the_largest_remainder_first() -> None:
    assert Money(100).split([Decimal(1)] * 3) == [Money(34), Money(33), Money(33)]
    assert Money(-100).split([Decimal(1)] * 3) == [Money(-34), Money(-33), Money(-33)]
    assert Money(10).split([Decimal("0.11"), Decimal("0.29"), Decimal("0.6")]) == [Money(1), Money(3), Money(6)]
    assert Money(5).split([Decimal(0), Decimal(1)]) == [Money(0), Money(5)]


@pytest.mark.parametrize("parts", [[], [Decimal(0)], [Decimal(-1), Decimal(2)]])
def test_split_refuses_weights_that_share_nothing(parts: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(1).split(parts)


def test_times_rounds_half_away_from_zero_once() -> None:
    assert Money(1).times(Decimal("0.5")) == Money(1)
    assert Money(-1).times(Decimal("0.5")) == Money(-1)
    assert Money(1).times(Decimal("0.5"), ROUND_HALF_EVEN) == Money(0)
    assert Money(199).times(Decimal("0.999"), ROUND_DOWN) == Money(198)
    assert Money(9007199254740993).times(Decimal("1.0000000000000000001")) == Money(9007199254740993)


def test_an_amount_finer_than_a_fen_or_no_number_is_refused() -> None:
    assert Money.of("1234.50") == Money(123450)
    for text in ("0.005", "NaN", "Infinity"):
        with pytest.raises(ValueError, match=text):
            Money.of(text)
    with pytest.raises(TypeError):
        Money(1.5)  # type: ignore[arg-type]


def test_currencies_do_not_mix() -> None:
    yuan, dollar = Money(1), Money(1, "USD")
    for mix in (lambda: yuan + dollar, lambda: yuan - dollar, lambda: yuan < dollar, lambda: yuan >= dollar):
        with pytest.raises(CurrencyMismatch):
            mix()
    assert yuan != dollar


def test_amounts_are_written_with_their_currency() -> None:
    assert str(Money(-123450)) == "-1,234.50 CNY"
    assert Money.total([], "USD") == Money(0, "USD")
