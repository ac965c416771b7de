"""Whose money is it: exact, strong, or a person's decision; and what a person is offered."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.claiming.book_rules import Book
from integration.claiming.decision_rules import decide
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.ranking_rules import rank
from integration.claiming.remark_rules import contracts_named
from integration.claiming.rules import Arrived, Decision, Due, Part, overdrawn, state_after
from integration.receivables.name_rules import payer_key

POLICY = ClaimingPolicy()
TODAY = date(2026, 3, 10)


def due(
    receivable_id: str,
    contract: str,
    yuan: int,
    *,
    customer: str = "C1",
    days: int = 0,
    account: str = "",
    name: str = "",
) -> Due:
    named = name or f"客户{customer}有限公司"
    return Due(receivable_id, contract, customer, named, yuan * 100, "CNY", TODAY + timedelta(days), account)


def book(*dues: Due, payers: dict[str, set[str]] | None = None, paid: tuple[str, ...] = ()) -> Book:
    """`paid`: contracts with nothing open. Nobody is known but `payers`."""
    found = Book()
    found.add([*dues, *(due(f"P-{number}", number, 0, customer="C0") for number in paid)])
    found.payers.clear()
    found.introduce({payer_key(name): codes for name, codes in (payers or {"杭州市财政局": {"C1"}}).items()})
    return found


def money(
    yuan: int, *, remark: str = "", payer: str = "陌生人", account: str = "6222", reversal: bool = False
) -> Arrived:
    return Arrived(yuan * 100, "CNY", TODAY, payer, account, remark, reversal)


def judge(receipt: Arrived, *dues: Due, **more: object) -> Decision:
    return decide(receipt, book(*dues, **more), POLICY)  # type: ignore[arg-type]


@pytest.mark.spec("N4.1")
@pytest.mark.parametrize(
    "remark",
    [
        "HT-2026-001",
        "货款HT-2026-001",
        "ht-2026-001/第一期",
        "ＨＴ－２０２６－００１",
        "付 HT2026001 款",
        "合同:HT_2026_001。",
    ],
)
def test_a_contract_number_in_the_remark_is_exact(remark: str) -> None:
    found = judge(money(500, remark=remark), due("A1", "HT-2026-001", 500), due("A2", "HT-2026-002", 500))
    assert found == Decision((Part("A1", 50_000),), "exact_contract", 1.00)


@pytest.mark.spec("N4.1")
@pytest.mark.parametrize("remark", ["HT-2026-0012", "XHT-2026-001", "HT-2026", "2026-001", ""])
def test_a_part_of_another_number_is_not_the_contract(remark: str) -> None:
    assert not contracts_named(remark, book(due("A1", "HT-2026-001", 500)))


@pytest.mark.spec("N4.1")
def test_a_contract_number_with_chinese_in_it_is_found_too() -> None:
    assert contracts_named("支付 沪销2026-001 尾款", book(due("A1", "沪销2026-001", 5))) == {"沪销2026-001"}


@pytest.mark.spec("N4.1")
def test_two_contracts_written_alike_are_a_person_s_decision() -> None:
    found = judge(money(500, remark="HT2026001"), due("A1", "HT-2026-001", 500), due("A2", "HT-20-26-001", 500))
    assert (found.parts, found.en) == ((), "the remark names 2 contracts: HT-20-26-001, HT-2026-001")


@pytest.mark.spec("N4.1")
def test_the_virtual_account_is_exact() -> None:
    found = judge(money(500, account="V1"), due("A1", "HT-2026-001", 500, account="V1"), due("A2", "HT-2026-002", 500))
    assert found == Decision((Part("A1", 50_000),), "exact_account", 1.00)


@pytest.mark.spec("N4.1")
def test_one_contract_is_filled_from_the_oldest_due_date_on() -> None:
    dues = [
        due("A3", "HT-2026-001", 100, days=60),
        due("A1", "HT-2026-001", 300),
        due("A2", "HT-2026-001", 200, days=30),
    ]
    found = judge(money(450, remark="HT-2026-001"), *dues)
    assert found.parts == (Part("A1", 30_000), Part("A2", 15_000))


@pytest.mark.spec("N4.1")
def test_more_than_the_contract_has_open_stays_unclaimed_with_the_reason() -> None:
    found = judge(money(700, remark="HT-2026-001"), due("A1", "HT-2026-001", 500))
    assert (found.parts, found.en) == ((Part("A1", 50_000),), "more than contract HT-2026-001 has open")


@pytest.mark.spec("N4.1")
def test_a_known_payer_with_the_exact_amount_is_strong() -> None:
    found = judge(money(500, payer="杭州市财政局"), due("A1", "HT-2026-001", 500), due("A2", "HT-2026-002", 700))
    assert found == Decision((Part("A1", 50_000),), "strong_payer_amount", 0.97)


@pytest.mark.spec("N4.1")
def test_the_same_amount_twice_in_one_contract_takes_the_oldest() -> None:
    found = judge(
        money(500, payer="杭州市财政局"), due("A2", "HT-2026-001", 500, days=30), due("A1", "HT-2026-001", 500)
    )
    assert found.parts == (Part("A1", 50_000),)


CASES: list[tuple[Arrived, list[Due], dict[str, object], str]] = [
    (
        money(500, payer="杭州市财政局"), [due("A1", "HT-2026-001", 500), due("A2", "HT-2026-002", 500)], {},
        "2 contracts of this payer have exactly this amount open",
    ),
    (
        money(500, payer="杭州市财政局"),
        [due("A1", "HT-2026-001", 500), due("A2", "HT-2026-002", 500, customer="C2")],
        {"payers": {"杭州市财政局": {"C1", "C2"}}},
        "2 contracts of this payer have exactly this amount open",
    ),
    (
        money(499, payer="杭州市财政局"), [due("A1", "HT-2026-001", 500)], {},
        "the payer is known, but nothing is open in this amount",
    ),
    (money(500), [due("A1", "HT-2026-001", 500)], {}, "the payer is not known and no contract is named"),
    (
        money(500, remark="HT-2026-001 HT-2026-002"),
        [due("A1", "HT-2026-001", 500), due("A2", "HT-2026-002", 500)], {},
        "the remark names 2 contracts: HT-2026-001, HT-2026-002",
    ),
    (
        money(500, remark="HT-2025-009", payer="杭州市财政局"), [due("A1", "HT-2026-001", 500)],
        {"paid": ("HT-2025-009",)}, "contract HT-2025-009 has nothing open",
    ),
    (
        money(500, account="V1", remark="HT-2026-002"),
        [due("A1", "HT-2026-001", 500, account="V1"), due("A2", "HT-2026-002", 500)], {},
        "the virtual account and the contract in the remark contradict each other",
    ),
    (
        money(500, account="V1"),
        [due("A1", "HT-2026-001", 500, account="V1"), due("A2", "HT-2026-002", 500, account="V1")], {},
        "the virtual account serves 2 open contracts",
    ),
    (
        money(500, remark="HT-2026-001", reversal=True), [due("A1", "HT-2026-001", 500)], {},
        "the bank reversed a booking",
    ),
]  # fmt: skip


@pytest.mark.spec("N4.1")
@pytest.mark.parametrize(("receipt", "dues", "more", "reason"), CASES)
def test_what_is_not_certain_waits_with_its_reason(
    receipt: Arrived, dues: list[Due], more: dict[str, object], reason: str
) -> None:
    found = judge(receipt, *dues, **more)
    assert (found.parts, found.en) == ((), reason)
    assert found.zh


@pytest.mark.spec("N4.1")
def test_money_in_another_currency_pays_nothing_here() -> None:
    dollars = Arrived(50_000, "USD", TODAY, "杭州市财政局", "6222", "HT-2026-001")
    assert judge(dollars, due("A1", "HT-2026-001", 500)).parts == ()


@pytest.mark.spec("N4.1")
def test_a_virtual_account_narrowed_by_the_remark_is_exact() -> None:
    dues = [due("A1", "HT-2026-001", 500, account="V1"), due("A2", "HT-2026-002", 500, account="V1")]
    assert judge(money(500, account="V1", remark="HT-2026-002"), *dues).parts == (Part("A2", 50_000),)


@pytest.mark.spec("N4.1")
def test_a_stricter_policy_leaves_strong_matches_to_people() -> None:
    strict = ClaimingPolicy(automatic_from=0.99)
    known = book(due("A1", "HT-2026-001", 500))
    assert decide(money(500, payer="杭州市财政局"), known, strict).parts == ()
    assert decide(money(500, remark="HT-2026-001"), known, strict).parts != ()


open_amounts = st.lists(st.tuples(st.sampled_from(["HT-A001", "HT-B002"]), st.integers(1, 50)), min_size=1, max_size=6)
arrivals = st.lists(
    st.tuples(st.integers(1, 80), st.sampled_from(["HT-A001", "HT-B002", "", "HT-A001 HT-B002"]), st.booleans()),
    max_size=12,
)


@pytest.mark.spec("N4.1")
@given(open_amounts, arrivals)
def test_nothing_is_claimed_twice_or_beyond_what_is_open(
    owed: list[tuple[str, int]], paid: list[tuple[int, str, bool]]
) -> None:
    dues = [due(f"A{at}", contract, yuan, days=at) for at, (contract, yuan) in enumerate(owed)]
    known = book(*dues)
    claimed = dict.fromkeys(known.due, 0)
    for yuan, remark, is_known in paid:
        receipt = money(yuan, remark=remark, payer="杭州市财政局" if is_known else "陌生人")
        found = decide(receipt, known, POLICY)
        assert sum(part.fen for part in found.parts) <= receipt.amount_fen
        if len({known.due[part.receivable_id].contract_number for part in found.parts}) > 1:
            assert sum(part.fen for part in found.parts) == receipt.amount_fen
        for part in found.parts:
            claimed[part.receivable_id] += part.fen + part.fee_fen
            known.take(part)
    assert all(claimed[each.receivable_id] <= each.open_fen for each in dues)


@pytest.mark.spec("N4.1")
def test_taking_from_what_is_paid_leaves_the_others_where_they_are() -> None:
    known = book(due("A1", "HT-1001", 500), due("A2", "HT-1002", 700))
    for _ in range(2):
        known.take(Part("A1", 50_000))
    assert [each.receivable_id for each in known.of_amount(1, 10**9, "CNY")] == ["A2"]


@pytest.mark.parametrize(("fee", "beyond"), [(0, set()), (1, {"A1"})])
def test_claims_and_fees_together_are_held_against_what_is_open(fee: int, beyond: set[str]) -> None:
    asked = [Part("A1", 60), Part("A2", 7), Part("A1", 40, fee)]
    assert overdrawn(asked, {"A1": 100, "A2": 7}) == beyond


@pytest.mark.spec("N4.1")
def test_candidates_are_ranked_by_payer_amount_and_due_date() -> None:
    dues = [
        due("A1", "HT-2026-001", 500, name="杭州第一医院"),
        due("A2", "HT-2026-002", 500, name="杭州第一医院有限公司", days=30),
        due("A3", "HT-2026-003", 900, name="杭州第一医院"),
        due("A4", "HT-2026-004", 7, name="广州某某学校", customer="C9"),
    ]
    found = rank(money(500, payer="杭州第一医院"), book(*dues), POLICY)
    assert [each.due.receivable_id for each in found] == ["A1", "A2", "A3"]
    assert found[0].score == 0.9
    assert found[0].en == "name 100% alike, same amount, due 0 days from the booking"
    assert found[0].zh == "名称相似度 100%，金额相等，与到期日相差 0 天"


@pytest.mark.spec("N4.1")
def test_a_known_payer_and_a_named_contract_lift_a_candidate() -> None:
    known = book(due("A1", "HT-2026-001", 500), due("A2", "HT-2026-002", 500))
    found = rank(money(500, payer="杭州市财政局", remark="HT-2026-001 HT-2026-002"), known, POLICY)
    assert [each.score for each in found] == [1.0, 1.0]
    assert "known payer" in found[0].en


def test_names_are_compared_without_width_case_and_punctuation() -> None:
    assert payer_key("ＡＢＣ（上海） 公司") == payer_key("abc(上海)公司")


@pytest.mark.parametrize(("claimed", "state"), [(0, "waiting"), (40, "partly_claimed"), (100, "claimed")])
def test_a_receipt_is_claimed_when_nothing_is_left(claimed: int, state: str) -> None:
    assert state_after(100, claimed) == state
