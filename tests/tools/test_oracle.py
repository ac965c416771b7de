"""The oracle's own formulas against the examples that the specification gives, and against libraries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from tools.oracle import assignment, geodesy, leads, money

TUESDAY = datetime(2026, 3, 10, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
china = st.tuples(st.floats(18, 53), st.floats(74, 134))


@given(one=china, other=china)
@settings(max_examples=50)
@pytest.mark.spec("LD3.4")
def test_distances_are_those_of_an_independent_library(one: tuple[float, float], other: tuple[float, float]) -> None:
    assert geodesy.kilometres(one, other) == pytest.approx(geodesic(one, other).km, abs=1e-3)


def office(*profiles: dict[str, Any], closed: list[dict[str, Any]] | None = None) -> assignment.Office:
    employees = [
        {
            "employeeId": profile["employeeId"],
            "name": profile["employeeId"],
            "orgPath": "/HQ/EAST/HZ1/",
            "status": profile.pop("status", "ACTIVE"),
            "hiredOn": profile.pop("hiredOn", "2020-01-01"),
            "position": "sales_rep",
        }
        for profile in profiles
    ]
    defaults = {"grades": [], "industries": [], "city": "杭州", "province": "浙江", "territoryRadiusKm": 10.0}
    return assignment.Office(employees, [defaults | profile for profile in profiles], closed or [], TUESDAY)


def lead(row: int = 1, grade: str = "A", city: str = "杭州") -> leads.Taken:
    return leads.Taken(row, f"firm {row}", "", grade, "hospital", "浙江", city, None, None, "")


@pytest.mark.spec("LD3.2")
@pytest.mark.parametrize(("a", "b", "c", "load"), [(4, 2, 6, 0.92), (1, 2, 3, 0.41)])
def test_load_has_two_decimals(a: int, b: int, c: int, load: float) -> None:
    """7.36 / 8 shows 92 %, 3.28 / 8 shows 41 %."""
    rep = office({"employeeId": "E1"}).reps["E1"]
    rep.open = {"A": a, "B": b, "C": c}
    assert rep.load == load


@pytest.mark.spec("LD3.3")
def test_conversion_is_smoothed_to_the_team() -> None:
    closed = [
        {"ownerId": "E1", "grade": "GRADE_A", "won": won, "closedAt": "2026-03-01T02:00:00+00:00"}
        for won in (True, False)
    ]
    known = office({"employeeId": "E1"}, {"employeeId": "E2"}, closed=closed)
    assert known.team_rate("/HQ/EAST/HZ1/") == 0.5
    assert known.conversion(known.reps["E2"]) == 0.5  # a newcomer starts at the team's rate
    assert known.conversion(known.reps["E1"]) == pytest.approx((1 + 5) / 12 / 1.0)


@pytest.mark.spec("LD3.6", "LD3.7")
def test_equal_reps_take_turns() -> None:
    known = office({"employeeId": "E1"}, {"employeeId": "E2"}, {"employeeId": "E3", "status": "ON_LEAVE"})
    winners = [known.decide(lead(row, "C"), None).winner for row in range(1, 7)]
    assert winners == ["E1", "E2"] * 3


@pytest.mark.spec("LD3.6")
def test_newcomers_get_their_tenth_from_the_eleventh_a_lead_on() -> None:
    old = [{"employeeId": f"E{number}"} for number in range(1, 4)]
    known = office(*old, {"employeeId": "E9", "hiredOn": "2026-02-01", "city": "北京", "province": "北京"})
    winners = [known.decide(lead(row), None).winner for row in range(1, 12)]
    assert "E9" not in winners[:10]
    assert winners[10] == "E9"


@given(body=st.text(alphabet=leads.USCC_ALPHABET, min_size=17, max_size=17))
@pytest.mark.spec("LD1.2")
def test_the_check_character_is_that_of_an_independent_library(body: str) -> None:
    right = uscc.calc_check_digit(body)
    assert leads.is_uscc(body + right)
    assert not any(leads.is_uscc(body + letter) for letter in leads.USCC_ALPHABET if letter != right)


COLUMNS = [
    "手机",
    "统一社会信用代码",
    "企业微信ID",
    "纬度",
    "经度",
    "坐标系",
    "等级",
    "首次触达时限",
    "预算",
    "预算已确认",
    "决策链",
]
ROW = dict.fromkeys(COLUMNS, "") | {"公司名称": "甲", "行业": "", "省份": "", "城市": ""}


@pytest.mark.spec("LD1.3")
def test_two_codes_never_merge_and_one_phone_does() -> None:
    codes = ["91330100MA2B3C4D5", "91330100MA2B3C4D6"]
    rows = [
        ROW | {"手机": "13800000001", "统一社会信用代码": codes[0] + uscc.calc_check_digit(codes[0])},
        ROW | {"手机": "13800000001", "统一社会信用代码": codes[1] + uscc.calc_check_digit(codes[1])},
        ROW | {"手机": "+86 138-0000-0001"},
    ]
    outcome = leads.take_in(rows, [])
    assert [taken.row for taken in outcome.taken] == [1, 2]
    assert outcome.appended == {3: 1}


@pytest.mark.spec("F3.1")
def test_ninety_percent_of_a_rep_who_won_21_of_50_counts_as_37_8() -> None:
    assert money.counted("0.9", "0.42", 3) == 0.378
    assert money.counted("1.0", "0.9", 0) == 0.4  # the cap without proof
    assert money.counted("0.9", "0.42", 5) == 1.0


@pytest.mark.spec("T2.1")
def test_a_claim_counts_for_every_unit_above() -> None:
    assert money.paths("/HQ/EAST/HZ1/") == ["/HQ/", "/HQ/EAST/", "/HQ/EAST/HZ1/"]


@pytest.mark.spec("I1.1")
def test_first_orders_earn_by_signing_time() -> None:
    def order(number: int, customer: str, rep: str, amount: str) -> dict[str, Any]:
        return {
            "OrderId": f"SO-{number}",
            "ContractNo": f"CL-{number}",
            "CustomerCode": customer,
            "SalespersonId": rep,
            "TotalAmount": amount,
            "TechnicalService": True,
            "SignedAt": f"2026-03-{number:02d}T09:00:00+08:00",
        }

    facts = money.Facts({"KEY": "KA", "SMALL": "regular"}, {"OLD": date(2020, 1, 1), "NEW": date(2026, 1, 15)})
    past = [order(1, "SMALL", "OLD", "9000.00")]
    orders = [
        order(2, "KEY", "OLD", "50000.00"),
        order(3, "KEY", "OLD", "90000.00"),
        order(4, "SMALL", "NEW", "10000.00"),
    ]
    found = [(slip["contract"], slip["fen"]) for slip in money.slips(orders, past, facts)]
    assert found == [("CL-2", 50000), ("CL-4", 20000)]
