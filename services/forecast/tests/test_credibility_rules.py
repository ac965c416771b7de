from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.credibility.rules import Deal, accuracy, calibrated, counted, formula, worth
from forecast.policy import CredibilityPolicy

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
POLICY = CredibilityPolicy()
shares = st.decimals(0, 1, places=3)


def deals(won: int, of: int, claim: str = "0.9", days_ago: int = 30) -> list[Deal]:
    ended = NOW - timedelta(days=days_ago)
    return [Deal(f"{claim}-{n}", "", Decimal(claim), n < won, ended) for n in range(of)]


@pytest.mark.spec("F3.1")
def test_21_of_50_won_makes_90_percent_count_as_37_8() -> None:
    own = counted(deals(21, 50), NOW, POLICY)
    rate = accuracy(own, own, POLICY).rate
    result = worth(Decimal("0.9"), rate, 3, POLICY)
    assert rate == Decimal("0.42")
    assert result.adjusted == Decimal("0.378")
    assert formula(Decimal("0.9"), rate, 3, result) == (
        "90 % × 42.0 % = 37.8 %, cap 80 % (L3)",
        "90 % × 42.0 % = 37.8 %，上限 80 %（L3）",
    )


@pytest.mark.spec("F3.1")
def test_only_high_last_claims_of_four_quarters_count() -> None:
    found = [*deals(1, 1), *deals(1, 1, claim="0.79"), *deals(1, 1, days_ago=366), *deals(0, 1, claim="0.80")]
    assert [(each.won, each.last_claim) for each in counted(found, NOW, POLICY)] == [
        (True, Decimal("0.9")),
        (False, Decimal("0.80")),
    ]


@pytest.mark.spec("F3.1")
def test_below_ten_deals_the_team_is_mixed_in() -> None:
    own, others = deals(2, 4), deals(10, 36, claim="0.95")
    said = accuracy(own, [*own, *others], POLICY)
    assert said.team_rate == Decimal("0.3")
    assert said.rate == Decimal("0.357143")  # (2 + 10 × 0.3) / (4 + 10)
    assert said.smoothed
    assert not accuracy(deals(2, 10), deals(2, 10), POLICY).smoothed


@pytest.mark.spec("F3.1")
def test_a_person_and_team_without_history_start_at_the_policys_rate() -> None:
    assert accuracy([], [], POLICY).rate == POLICY.unknown_rate


@pytest.mark.spec("F3.1")
@pytest.mark.parametrize(("level", "cap"), [(0, "0.40"), (1, "0.55"), (2, "0.70"), (3, "0.80"), (4, "0.90"), (5, "1")])
def test_the_cap_rises_with_the_evidence(level: int, cap: str) -> None:
    assert worth(Decimal(1), Decimal(1), level, POLICY).adjusted == Decimal(cap)


@pytest.mark.spec("F3.1")
@given(shares, shares, st.integers(0, 4))
def test_adjusted_never_exceeds_the_product_nor_the_cap(submitted: Decimal, rate: Decimal, level: int) -> None:
    adjusted = worth(submitted, rate, level, POLICY).adjusted
    assert adjusted <= POLICY.caps[level]
    assert adjusted <= submitted * rate + Decimal("0.0000005")
    assert adjusted <= worth(submitted, rate, level + 1, POLICY).adjusted


@pytest.mark.spec("F3.1")
@given(shares, shares)
def test_a_signed_deal_counts_whole_whoever_claims_it(submitted: Decimal, rate: Decimal) -> None:
    assert worth(submitted, rate, 5, POLICY).adjusted == 1


@pytest.mark.spec("F3.2")
def test_calibrated_measures_on_the_claims_own_band() -> None:
    own = [*deals(3, 10, claim="0.92"), *deals(9, 10, claim="0.5")]
    team = [*own, *deals(27, 90, claim="0.95")]
    assert calibrated(Decimal("0.9"), own, team, NOW, POLICY) == Decimal("0.3")  # (3 + 10 × 0.3) / 20
    assert calibrated(Decimal("0.45"), own, team, NOW, POLICY) == Decimal("0.9")


@pytest.mark.spec("F3.1")
def test_a_capped_claim_says_so() -> None:
    result = worth(Decimal("0.95"), Decimal("0.9"), 1, POLICY)
    assert formula(Decimal("0.95"), Decimal("0.9"), 1, result)[0] == "95 % × 90.0 % = 85.5 %, capped at 55 % (L1)"
