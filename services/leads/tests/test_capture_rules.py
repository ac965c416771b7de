"""Normalising and recognising what comes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import InvalidInput
from leads.capture.rules import Arrival, Known, clean, match
from leads.lead.rules import Position
from leads.normalise.datum_rules import to_bd09, to_gcj02, to_wgs84
from leads.normalise.name_rules import name_key, parent_key, place_name
from leads.normalise.number_rules import FieldProblem, e164, parsed, valid_uscc

AT = datetime(2026, 3, 10, 2, tzinfo=UTC)
WINDOW = timedelta(days=90)
CODE, OTHER_CODE = "91330100799655058B", "91110000600037341L"


@pytest.mark.spec("LD1.2")
@pytest.mark.parametrize(
    "written",
    [
        "杭州云启科技有限公司",
        "杭州雲啟科技有限公司",
        " 杭州云启科技（有限公司）",
        "杭州云启科技股份有限公司",
        "杭州 云启 科技",
    ],
)
def test_spellings_of_one_company_share_a_key(written: str) -> None:
    assert name_key(written) == name_key("杭州云启科技有限公司") == "杭州云启科技"


@pytest.mark.spec("LD1.2")
def test_full_width_and_english_forms() -> None:
    assert name_key("ＡＢＣ　Ｃｏ．，　Ｌｔｄ．") == name_key("ABC Limited") == "abc"
    assert name_key("公司") == "公司"


@pytest.mark.spec("LD1.3")
def test_a_branch_knows_its_parent() -> None:
    assert parent_key("杭州云启科技有限公司宁波分公司") == name_key("杭州云启科技有限公司")
    assert parent_key("杭州云启科技有限公司") is None


def test_places_lose_their_kind() -> None:
    assert [place_name(each) for each in ("浙江省", "杭州市", "北京市", "广西壮族自治区", "沙市")] == [
        "浙江",
        "杭州",
        "北京",
        "广西",
        "沙市",
    ]


@pytest.mark.spec("LD1.2")
@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86-138-0013-8000", "+8613800138000"),
        ("0571-88880001", "+8657188880001"),
        ("+1 650 253 0000", "+16502530000"),
        ("", ""),
    ],
)
def test_phones_become_e164(written: str, stored: str) -> None:
    assert e164(written) == stored


@pytest.mark.spec("LD1.2")
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_is_read_as_the_library_reads_it(written: str) -> None:
    def outcome(read: Callable[[str], str]) -> str | None:
        try:
            return read(written)
        except FieldProblem:
            return None

    assert outcome(e164) == outcome(parsed)


@pytest.mark.spec("LD13.1")
@pytest.mark.parametrize("written", ["12345", "abc", "1380013800", "138001380000000"])
def test_what_is_no_phone_number_is_named(written: str) -> None:
    with pytest.raises(FieldProblem) as refused:
        e164(written)
    assert refused.value.violation.field == "phone"
    assert written in refused.value.violation.zh


@pytest.mark.spec("LD1.2", "LD13.1")
def test_a_credit_code_needs_its_check_digit() -> None:
    assert valid_uscc(" 91110000600037341l ") == OTHER_CODE
    with pytest.raises(FieldProblem):
        valid_uscc("91110000600037341A")


@pytest.mark.spec("LD1.2")
@given(st.floats(20, 50), st.floats(80, 130), st.sampled_from(["gcj02", "bd09"]))
def test_chinese_datums_convert_to_wgs84_within_a_centimetre(latitude: float, longitude: float, datum: str) -> None:
    there = to_gcj02(Position(latitude, longitude))
    back = to_wgs84(to_bd09(there) if datum == "bd09" else there, datum)
    assert back.latitude == pytest.approx(latitude, abs=1e-7)
    assert back.longitude == pytest.approx(longitude, abs=1e-7)


@pytest.mark.spec("LD1.2")
def test_the_shift_is_that_of_chinese_maps() -> None:
    shifted = to_gcj02(Position(39.90734, 116.39089))
    assert (shifted.latitude, shifted.longitude) == (
        pytest.approx(39.90874, abs=2e-5),
        pytest.approx(116.39713, abs=2e-5),
    )
    assert to_gcj02(Position(48.8584, 2.2945)) == Position(48.8584, 2.2945)


@pytest.mark.spec("LD1.2", "LD13.1")
def test_every_field_that_cannot_be_read_is_named_at_once() -> None:
    arrival = Arrival("  ", "douyin", phone="12", uscc="XX", position=Position(91, 200))
    with pytest.raises(InvalidInput) as refused:
        clean(arrival)
    assert [each.field for each in refused.value.violations] == [
        "phone",
        "uscc",
        "position.latitude",
        "position.longitude",
        "position.datum",
        "company_name",
    ]


def known(lead_id: str = "L1", **changes: object) -> Known:
    base = Known(lead_id, "杭州云启科技", None, "+8613800138000", "", "", AT - timedelta(days=1))
    return replace(base, **changes)  # type: ignore[arg-type]


def arriving(**changes: str) -> Arrival:
    return replace(Arrival("杭州云启科技有限公司", "expo", phone="13800138000"), **changes)  # type: ignore[arg-type]


@pytest.mark.spec("LD1.3")
def test_the_same_phone_within_90_days_is_the_same_lead() -> None:
    new = clean(arriving())
    assert match(new, [known()], AT, WINDOW).append_to == "L1"
    assert match(new, [known(last_touch_at=AT - WINDOW)], AT, WINDOW).append_to == "L1"
    late = known(last_touch_at=AT - WINDOW - timedelta(seconds=1))
    assert match(new, [late], AT, WINDOW).append_to is None


@pytest.mark.spec("LD1.3")
def test_code_and_wecom_contact_identify_as_well() -> None:
    by_code = clean(arriving(phone="", uscc=OTHER_CODE))
    assert match(by_code, [known(phone="", uscc=OTHER_CODE)], AT, WINDOW).append_to == "L1"
    by_contact = clean(arriving(phone="", wecom_external_id="wm1"))
    assert match(by_contact, [known(phone="", wecom_external_id="wm1")], AT, WINDOW).append_to == "L1"
    assert match(clean(arriving(phone="")), [known(phone="")], AT, WINDOW).append_to is None


@pytest.mark.spec("LD1.3")
def test_two_codes_never_merge_even_with_one_phone() -> None:
    found = match(clean(arriving(uscc=OTHER_CODE)), [known(uscc=CODE)], AT, WINDOW)
    assert (found.append_to, found.hint) == (None, "L1")


@pytest.mark.spec("LD1.3")
def test_a_branch_is_no_duplicate_of_its_parent() -> None:
    branch = clean(arriving(company_name="杭州云启科技有限公司宁波分公司"))
    found = match(branch, [known()], AT, WINDOW)
    assert (found.append_to, found.hint) == (None, "L1")


@pytest.mark.spec("LD1.3")
def test_of_several_the_one_touched_last_takes_the_touch() -> None:
    older, newer = known("L1"), known("L2", last_touch_at=AT - timedelta(hours=1))
    assert match(clean(arriving()), [older, newer], AT, WINDOW).append_to == "L2"
