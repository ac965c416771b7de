"""Sums, fees, third parties and likely names: what is claimed without a person, and what is not (N4.1, N4.2)."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations as every_choice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.claiming.combination_rules import Item, ways
from integration.claiming.decision_rules import decide
from integration.claiming.likeness_rules import name_likeness
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.rules import Arrived, Decision, Match, Part, fee_cap
from integration.claiming.split_rules import Split, splits
from integration.receivables.name_rules import payer_key
from services.integration.tests.test_matching_rules import POLICY, TODAY, book, due, judge, money

PAYER = "杭州市财政局"


# -- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.spec("N4.1")
@pytest.mark.parametrize(
    "written",
    [
        "華東醫療器械（上海）有限公司",
        "华东医疗器械(上海)有限责任公司",
        "华东医疗器械上海",
        " 华东医疗器械 【上海】 股份有限公司",
        "华东医疗器械（上海）有限公司。",
    ],
)
def test_a_name_is_known_in_any_script_width_bracket_and_form(written: str) -> None:
    assert payer_key(written) == payer_key("华东医疗器械（上海）有限公司")


@pytest.mark.parametrize(
    ("one", "other"),
    [("华瑞集团有限公司", "华瑞有限公司"), ("公司", "有限公司"), ("华瑞上海有限公司", "华瑞北京有限公司")],
)
def test_other_companies_stay_others(one: str, other: str) -> None:
    assert payer_key(one) != payer_key(other)


@pytest.mark.spec("N4.1")
@pytest.mark.parametrize(
    ("payer", "customer", "least", "most"),
    [
        ("杭州第一医院", "杭州第一医院", 1.0, 1.0),
        ("浙江康瑞医疗器械科", "浙江康瑞医疗器械科技有限公司", 0.97, 0.97),
        ("杭州一院", "杭州市第一人民医院", 0.93, 0.99),
        ("杭州二院", "杭州市第一人民医院", 0.0, 0.5),
        ("华东医疗器械科技", "华南医疗器械科技", 0.0, 0.5),
        ("张三", "杭州张三食品有限公司", 0.0, 0.6),
        ("", "杭州第一医院", 0.0, 0.0),
    ],
)
def test_how_much_names_are_alike(payer: str, customer: str, least: float, most: float) -> None:
    assert least <= name_likeness(payer, customer) <= most


@given(st.text(max_size=12), st.text(max_size=12))
def test_likeness_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    assert 0.0 <= name_likeness(one, other) == name_likeness(other, one) <= 1.0


# -- likely names and amounts --------------------------------------------------------------------------------------


@pytest.mark.spec("N4.1")
def test_a_likely_name_with_the_exact_amount_is_claimed() -> None:
    found = judge(
        money(8_888, payer="浙江康瑞医疗器械科"), due("A1", "HT-1001", 8_888, name="浙江康瑞医疗器械科技有限公司")
    )
    assert (found.parts, found.method) == ((Part("A1", 888_800),), "fuzzy")
    assert found.confidence >= POLICY.automatic_from


@pytest.mark.spec("N4.1")
def test_two_likely_names_within_the_margin_are_a_person_s_decision_with_both_offered() -> None:
    dues = [
        due("A1", "HT-1001", 500, name="浙江康瑞医疗器械科技有限公司"),
        due("A2", "HT-1002", 500, name="浙江康瑞医疗器械科贸有限公司", customer="C2"),
    ]
    found = judge(money(500, payer="浙江康瑞医疗器械科"), *dues)
    assert (found.parts, found.en) == ((), "two contracts fit nearly as well")
    assert [each.parts[0].receivable_id for each in found.offers] == ["A1", "A2"]


@pytest.mark.spec("N4.1")
def test_a_likely_name_below_the_threshold_waits_and_is_offered() -> None:
    found = judge(money(500, payer="浙江康瑞器械商行"), due("A1", "HT-1001", 500, name="浙江康瑞医疗器械有限公司"))
    assert found.parts == ()
    assert found.en == "not sure enough to claim without a person"
    assert found.offers[0].parts == (Part("A1", 50_000),)
    assert found.offers[0].zh.startswith("名称相似度约")


@pytest.mark.spec("N4.1")
def test_an_amount_that_is_too_common_is_not_compared() -> None:
    known = book(due("A1", "HT-1001", 500, name="浙江康瑞医疗器械科技有限公司"))
    known.common = frozenset({("CNY", 50_000)})
    found = decide(money(500, payer="浙江康瑞医疗器械科"), known, POLICY)
    assert (found.parts, found.zh) == ((), "付款人未知且附言没有合同号，且金额过于常见")


# -- fees ----------------------------------------------------------------------------------------------------------


@pytest.mark.spec("N4.2")
@pytest.mark.parametrize(
    ("owed", "fee", "claimed"),
    [(50_000, 50, True), (50_000, 51, False), (20_000, 20, True), (20_000, 21, False), (20_000, 0, True)],
)
def test_a_bank_s_fee_is_at_most_50_yuan_and_a_thousandth(owed: int, fee: int, claimed: bool) -> None:
    found = judge(money(owed - fee, payer=PAYER), due("A1", "HT-1001", owed))
    assert found.parts == ((Part("A1", (owed - fee) * 100, fee * 100),) if claimed else ())


@pytest.mark.spec("N4.2")
def test_a_fee_settles_the_receivable_of_a_named_contract() -> None:
    found = judge(money(49_960, remark="HT-1001"), due("A1", "HT-1001", 50_000))
    assert found.parts == (Part("A1", 4_996_000, 4_000),)


@pytest.mark.spec("N4.2")
def test_a_fee_that_fits_two_contracts_is_a_person_s_decision() -> None:
    found = judge(money(49_990, payer=PAYER), due("A1", "HT-1001", 50_000), due("A2", "HT-1002", 50_010))
    assert (found.parts, len(found.offers)) == ((), 2)


@given(st.integers(0, 10**12))
def test_the_cap_of_a_fee_is_the_smaller_of_both(fen: int) -> None:
    assert fee_cap(fen, POLICY) == min(5_000, fen // 1_000)


# -- named contracts -----------------------------------------------------------------------------------------------


@pytest.mark.spec("N4.2")
def test_an_instalment_that_is_not_the_oldest_is_told_by_its_amount() -> None:
    dues = [due("A1", "HT-1001", 300), due("A2", "HT-1001", 600, days=30), due("A3", "HT-1001", 100, days=60)]
    assert judge(money(600, remark="HT-1001"), *dues).parts == (Part("A2", 60_000),)
    assert judge(money(900, remark="HT-1001"), *dues).parts == (Part("A1", 30_000), Part("A2", 60_000))


@pytest.mark.spec("N4.2")
def test_two_contracts_named_are_claimed_when_they_make_the_amount_in_one_way() -> None:
    dues = [due("A1", "HT-1001", 300), due("A2", "HT-1002", 500), due("A3", "HT-1002", 500, days=30)]
    found = judge(money(800, remark="HT-1001、HT-1002"), *dues)
    assert found == Decision((Part("A1", 30_000), Part("A2", 50_000)), "exact_contract", 1.0)
    assert judge(money(801, remark="HT-1001、HT-1002"), *dues).parts == ()
    assert judge(money(1_000, remark="HT-1001、HT-1002"), *dues).parts == ()


@pytest.mark.spec("N4.1")
def test_a_number_against_the_payer_s_own_amount_is_a_slip_for_a_person() -> None:
    known = book(due("A1", "HT-1001", 500), due("A2", "HT-2002", 900, customer="C2"), payers={PAYER: {"C1"}})
    assert decide(money(500, payer=PAYER, remark="HT-2002"), known, POLICY).parts == ()
    assert decide(money(900, payer=PAYER, remark="HT-2002"), known, POLICY).parts == (Part("A2", 90_000),)
    assert decide(money(400, payer=PAYER, remark="HT-2002"), known, POLICY).parts == (Part("A2", 40_000),)


@pytest.mark.spec("N4.1")
@pytest.mark.parametrize(
    ("remark", "claimed"), [("HT-1002", True), ("HT-1992", False), ("XS-1992", True), ("货款", True)]
)
def test_a_number_that_nobody_knows_may_be_a_slip_of_one_character(remark: str, claimed: bool) -> None:
    assert bool(judge(money(500, payer=PAYER, remark=remark), due("A1", "HT-1001", 500)).parts) is claimed


# -- several together ----------------------------------------------------------------------------------------------


@pytest.mark.spec("N4.2")
def test_one_receipt_for_several_receivables_in_exactly_one_way() -> None:
    dues = [due("A1", "HT-1001", 300), due("A2", "HT-1002", 550, days=5), due("A3", "HT-1003", 700, days=9)]
    found = judge(money(1_000, payer=PAYER), *dues)
    assert (found.parts, found.method, found.confidence) == ((Part("A1", 30_000), Part("A3", 70_000)), "combined", 0.96)


@pytest.mark.spec("N4.2")
def test_two_ways_to_make_the_amount_are_offered_to_a_person() -> None:
    dues = [due(f"A{yuan}", f"HT-{yuan + 1000}", yuan) for yuan in (300, 400, 600, 700)]
    found = judge(money(1_000, payer=PAYER), *dues)
    assert (found.parts, found.en) == ((), "several sets of open amounts of this payer add up to it")
    offered = {tuple(sorted(part.receivable_id for part in each.parts)) for each in found.offers}
    assert offered == {("A300", "A700"), ("A400", "A600")}


@pytest.mark.spec("N4.2")
def test_equal_instalments_of_a_contract_are_one_way_and_the_oldest_of_them() -> None:
    dues = [due(f"A{at}", "HT-1001", 250, days=at) for at in range(4)]
    assert judge(money(500, payer=PAYER), *dues).parts == (Part("A0", 25_000), Part("A1", 25_000))


@pytest.mark.spec("N4.2")
@pytest.mark.parametrize(("count", "items", "claimed"), [(30, 2, True), (31, 2, False), (9, 8, True), (9, 9, False)])
def test_at_most_30_candidates_and_8_items(count: int, items: int, claimed: bool) -> None:
    """Powers of two: every sum has exactly one way."""
    dues = [due(f"A{at:02}", f"HT-{at + 1000}", 2**at) for at in range(count)]
    total = sum(each.open_fen for each in dues[-items:]) // 100
    assert bool(judge(money(total, payer=PAYER), *dues).parts) is claimed


@pytest.mark.spec("N4.2")
@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 9)), max_size=9), st.integers(1, 40))
def test_the_ways_are_those_of_trying_everything(amounts: list[tuple[str, int]], total: int) -> None:
    items = [Item(f"{at}", kind, fen) for at, (kind, fen) in enumerate(amounts)]
    tried = {
        tuple(sorted((each.kind, each.fen) for each in choice))
        for size in range(2, 9)
        for choice in every_choice(items, size)
        if sum(each.fen for each in choice) == total
    }
    found = ways(total, items, POLICY)
    told = {tuple(sorted((each.kind, each.fen) for each in way)) for way in found}
    assert len(told) == len(found) == min(len(tried), 3)
    assert told <= tried


def arrived(yuan: int, days: int = 0, payer: str = PAYER) -> Arrived:
    return Arrived(yuan * 100, "CNY", TODAY + timedelta(days), payer, "", "")


@pytest.mark.spec("N4.2")
def test_several_receipts_for_one_receivable() -> None:
    known = book(due("A1", "HT-1001", 1_000), due("A2", "HT-1002", 3_000))
    paid = {"R1": arrived(400), "R2": arrived(600, days=2), "R3": arrived(777)}
    assert splits(paid, known, POLICY) == [Split("A1", ("R1", "R2"))]


@pytest.mark.spec("N4.2")
@pytest.mark.parametrize(
    ("paid", "why"),
    [
        ({"R1": arrived(400), "R2": arrived(600, days=8)}, "too far apart"),
        ({"R1": arrived(400), "R2": arrived(600, payer="别人")}, "of two payers"),
        ({"R1": arrived(400), "R2": arrived(600), "R3": arrived(2_400)}, "one of them fits into two ways"),
    ],
)
def test_receipts_that_may_not_belong_together_wait(paid: dict[str, Arrived], why: str) -> None:
    known = book(due("A1", "HT-1001", 1_000), due("A2", "HT-1002", 3_000), due("A3", "HT-1003", 2_800))
    assert splits(paid, known, POLICY) == [], why


@pytest.mark.spec("N4.2")
def test_equal_instalments_are_handed_out_one_after_the_other() -> None:
    paid = {"R0": arrived(700, days=1), "R1": arrived(300, days=1), "R2": arrived(600), "R3": arrived(400)}
    equal = [due("A1", "HT-1001", 1_000), due("A2", "HT-1001", 1_000, days=30)]
    assert splits(paid, book(*equal), POLICY) == [Split("A1", ("R2", "R3")), Split("A2", ("R0", "R1"))]
    assert splits(paid, book(equal[0]), POLICY) == [], "one of them is for something else"


@pytest.mark.spec("N4.2")
def test_two_payers_of_one_customer_do_not_pay_one_receivable_twice() -> None:
    known = {PAYER: {"C1"}, "杭州市卫生局": {"C1"}}
    paid = {"R0": arrived(600), "R1": arrived(400)} | {
        name: arrived(yuan, payer="杭州市卫生局") for name, yuan in (("R2", 700), ("R3", 300))
    }
    one, other = due("A1", "HT-1001", 1_000), due("A2", "HT-1001", 1_000, days=30)
    assert splits(paid, book(one, payers=known), POLICY) == []
    found = splits(paid, book(one, other, payers=known), POLICY)
    assert found == [Split("A1", ("R0", "R1")), Split("A2", ("R2", "R3"))]


@pytest.mark.spec("N4.2")
@given(
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from([PAYER, "杭州市卫生局"]), st.integers(0, 9)), max_size=9),
    st.lists(st.tuples(st.sampled_from(["HT-1001", "HT-1002"]), st.integers(1, 9)), max_size=5),
)
def test_a_receivable_is_never_split_twice_nor_a_receipt_used_twice(
    came: list[tuple[int, str, int]], owed: list[tuple[str, int]]
) -> None:
    known = book(
        *(due(f"A{at}", contract, yuan, days=at) for at, (contract, yuan) in enumerate(owed)),
        payers={PAYER: {"C1"}, "杭州市卫生局": {"C1"}},
    )
    paid = {f"R{at}": arrived(yuan, days, payer) for at, (yuan, payer, days) in enumerate(came)}
    found = splits(paid, known, POLICY)
    targets = [each.receivable_id for each in found]
    used = [receipt_id for each in found for receipt_id in each.receipt_ids]
    assert len(targets) == len(set(targets))
    assert len(used) == len(set(used))
    for each in found:
        assert (
            sum(paid[receipt_id].amount_fen for receipt_id in each.receipt_ids)
            == known.due[each.receivable_id].open_fen
        )


# -- third parties -------------------------------------------------------------------------------------------------


@pytest.mark.spec("N4.2")
@pytest.mark.parametrize(
    "remark", ["代杭州第一医院付货款", "受杭州第一医院委托付款", "代付：杭州第一医院", "替杭州第一醫院支付设备款"]
)
def test_a_third_party_that_says_for_whom_it_pays(remark: str) -> None:
    found = judge(money(500, payer="易通支付", remark=remark), due("A1", "HT-1001", 500, name="杭州第一医院"))
    assert (found.parts, found.method, found.confidence) == ((Part("A1", 50_000),), "third_party", 0.96)


@pytest.mark.spec("N4.2")
def test_whom_the_payer_names_goes_before_whom_it_is_known_for() -> None:
    dues = [due("A1", "HT-1001", 500), due("A2", "HT-1002", 500, customer="C2", name="杭州第一医院")]
    assert judge(money(500, payer=PAYER, remark="代杭州第一医院付"), *dues).parts == (Part("A2", 50_000),)


@pytest.mark.spec("N4.2")
def test_a_third_party_that_names_nobody_waits() -> None:
    assert judge(money(500, payer="易通支付", remark="代付货款"), due("A1", "HT-1001", 500)).parts == ()


# -- thresholds ----------------------------------------------------------------------------------------------------


@pytest.mark.spec("N4.1")
@pytest.mark.parametrize(
    ("policy", "receipt"),
    [
        (ClaimingPolicy(combined_confidence=0.90), money(800, payer=PAYER)),
        (ClaimingPolicy(third_party_confidence=0.90), money(500, payer="易通", remark="代客户C1付款")),
        (ClaimingPolicy(fee_discount=0.05), money(499, payer=PAYER)),
        (ClaimingPolicy(fee_cap_per_million=10_000, fee_discount=0.05), money(499, payer=PAYER)),
    ],
)
def test_what_the_policy_does_not_trust_waits(policy: ClaimingPolicy, receipt: Arrived) -> None:
    found = decide(receipt, book(due("A1", "HT-1001", 300), due("A2", "HT-1002", 500)), policy)
    assert found.parts == ()


def test_what_is_left_to_people_is_still_suggested() -> None:
    found = judge(money(500, payer=PAYER), due("A1", "HT-1001", 500))
    [offered] = found.suggestions
    assert isinstance(offered, Match)
    assert (offered.parts, offered.confidence) == ((Part("A1", 50_000),), 0.97)
