"""Splits, caps, groups and budgets through the real doors (I2.2, I3.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.clock import FixedClock
from chassis.errors import FailedPrecondition, InvalidInput, NotFound
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import budget_service_pb2 as budget_pb
from closeloop.incentives.v1 import rule_service_pb2 as rule_pb
from closeloop.incentives.v1 import slip_service_pb2 as pb
from closeloop.incentives.v1.budget_service_pb2_grpc import BudgetServiceStub
from closeloop.incentives.v1.rule_service_pb2_grpc import RuleServiceStub
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub
from incentives.bootstrap import CATALOG
from incentives.budgets.rules import BudgetExhausted
from incentives.slips.rules import SlipHeld

from .models import expression
from .terms_world import (
    FINANCE,
    MINUTE,
    approve,
    budgets,
    caps,
    drafted,
    give_budget,
    group,
    messages,
    propose,
    publish_terms,
    record_split,
    seen_deal,
    split,
    states,
)
from .world import OPEN, SIGNED, earned, employee, fire_clocks, order, slips, standing, told, waiting

R = "ten-percent"
DAY = timedelta(days=1)


def deal(number: int, fen: int, *, version: int = 1, rep: str = "E1", cancelled: bool = False):  # type: ignore[no-untyped-def]
    """The n-th order of the month, some minutes after the one before."""
    gone = SIGNED + 15 * MINUTE if cancelled else None
    return order(
        f"SO-{number}", contract=f"CL-{number}", fen=fen, rep=rep, version=version, signed=SIGNED + number * MINUTE,
        cancelled=gone,
    )  # fmt: skip


def ledger(rpc: Rpc, service: Service, employee_id: str = "E1") -> list[tuple[str, int]]:
    stub = SlipServiceStub(rpc(service, as_=as_hq()))
    entries = stub.ListLedger(pb.ListLedgerRequest(employee_id=employee_id)).entries
    return sorted((each.kind, each.amount.fen) for each in entries)


def balance(rpc: Rpc, service: Service, employee_id: str = "E1") -> tuple[int, int, int]:
    stub = SlipServiceStub(rpc(service, as_=as_hq()))
    found = stub.GetBalance(pb.GetBalanceRequest(employee_id=employee_id))
    return found.earned.fen, found.held.fen, found.balance.fen


def lines(rpc: Rpc, service: Service, deal_key: str, who: str = "E1", held: bool = False) -> list[tuple[str, str]]:
    wanted = {pb.SLIP_STATE_HELD} if held else OPEN
    return [
        (line.code, line.text)
        for each in slips(rpc, service)
        if each.deal_key == deal_key and each.beneficiary_id == who and each.state in wanted
        for line in each.lines
    ]


def test_events_fit_their_contracts() -> None:
    CATALOG.check([BudgetExhausted, SlipHeld])


@pytest.mark.spec("I2.2")
def test_owner_manager_and_director_get_a_slip_each(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, split(owner=7_000, manager=2_000, director=1_000))
    deliver(staffed, deal(1, 1_000_01))
    assert standing(rpc, staffed) == {
        ("CL-1", R, "E1", 70_00), ("CL-1", R, "E100", 20_00), ("CL-1", R, "E900", 10_00),
    }  # fmt: skip
    assert lines(rpc, staffed, "CL-1", "E100") == [("split", "split: manager 20 % of 100.00 = 20.00")]
    assert [earned(rpc, staffed, who) for who in ("E1", "E100", "E900")] == [70_00, 20_00, 10_00]
    deliver(staffed, deal(1, 1_000_01, version=2, cancelled=True))
    assert standing(rpc, staffed) == set()
    assert ledger(rpc, staffed, "E900") == [("claw_back", -10_00), ("earn", 10_00)]


@pytest.mark.spec("I2.2")
def test_a_manager_who_becomes_known_later_gets_the_share_then(rpc: Rpc, service: Service, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, split(owner=9_000, manager=1_000))
    newcomer = employee("E1")
    newcomer.employee_id, newcomer.manager_id = "E7", "E8"
    deliver(staffed, newcomer, deal(1, 1_000_00, rep="E7"))
    assert standing(rpc, staffed) == {("CL-1", R, "E7", 100_00)}
    leader = employee("E100")
    leader.employee_id = "E8"
    deliver(staffed, leader)
    fire_clocks(staffed)
    assert standing(rpc, staffed) == {("CL-1", R, "E7", 90_00), ("CL-1", R, "E8", 10_00)}


@pytest.mark.spec("I2.2")
def test_a_split_recorded_on_the_order_is_followed_and_stays_when_its_key_changes(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {"splitByDeal": True})
    deliver(staffed, order("SO-1", contract="", fen=1_000_00))
    assert standing(rpc, staffed) == {("SO-1", R, "E1", 100_00)}
    shown = record_split(rpc, staffed, "SO-1", E1=6_000, E2=4_000)
    assert [(each.employee_id, each.basis_points) for each in shown.split.shares] == [("E1", 6_000), ("E2", 4_000)]
    fire_clocks(staffed)
    shared = {("SO-1", R, "E1", 60_00), ("SO-1", R, "E2", 40_00)}
    assert standing(rpc, staffed) == shared
    deliver(staffed, order("SO-1", version=2, contract="CL-1", fen=1_000_00))
    assert standing(rpc, staffed) == {("CL-1", *each[1:]) for each in shared}


@pytest.mark.spec("I2.2", "I8.1", "P1.4")
def test_a_split_that_can_t_be_is_refused_and_nobody_records_an_own_share(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {**split(owner=9_000, manager=1_000), "splitByDeal": True})
    deliver(staffed, deal(1, 1_000_00))
    with pytest.raises(InvalidInput) as refused:
        record_split(rpc, staffed, "CL-1", E1=6_000, E404=3_999)
    assert [each.field for each in refused.value.violations] == ["shares", "shares"]
    with pytest.raises(FailedPrecondition) as own:
        record_split(rpc, staffed, "CL-1", as_manager("E100"), E1=6_000, E2=4_000)
    assert own.value.reason == "OWN_SHARE"
    for key, who in (("CL-9", as_hq()), ("CL-1", as_manager("E200", "/HQ/EAST/HZ2/"))):
        with pytest.raises(NotFound):
            record_split(rpc, staffed, key, who, E1=10_000)
    assert not seen_deal(rpc, staffed, "CL-1").HasField("split")


@pytest.mark.spec("I2.2", "P1.4")
def test_a_deal_shows_only_the_shares_of_people_one_may_see(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, split(owner=9_000, manager=1_000))
    deliver(staffed, deal(1, 1_000_00))
    seen = [
        {
            each.beneficiary_id: each.granted.fen
            for each in seen_deal(rpc, staffed, "CL-1", who).outcomes[0].entitlements
        }
        for who in (as_rep("E1"), as_manager("E100"))
    ]
    assert seen == [{"E1": 90_00}, {"E1": 90_00, "E100": 10_00}]
    with pytest.raises(NotFound):
        seen_deal(rpc, staffed, "CL-1", as_rep("E2"))
    publish_terms(rpc, staffed, R, {"splitByDeal": True})
    record_split(rpc, staffed, "CL-1", E1=6_000, E2=4_000)
    fire_clocks(staffed)
    (shown,) = seen_deal(rpc, staffed, "CL-1", as_rep("E2")).outcomes
    assert [(each.beneficiary_id, each.granted.fen) for each in shown.entitlements] == [("E2", 40_00)]


@pytest.mark.spec("I2.2", "P1.4")
def test_a_co_seller_reads_nothing_of_what_others_are_paid(rpc: Rpc, staffed: Service) -> None:
    """Three rules: one that shares, one that pays the owner alone, one that lost against that."""
    publish_terms(rpc, staffed, R, {"splitByDeal": True})
    publish_terms(rpc, staffed, "owners", group("HIGHEST"), percent=7)
    publish_terms(rpc, staffed, "smaller", group("HIGHEST"), percent=3)
    deliver(staffed, deal(1, 1_000_00))
    record_split(rpc, staffed, "CL-1", E1=6_000, E2=4_000)
    fire_clocks(staffed)
    seen = seen_deal(rpc, staffed, "CL-1", as_rep("E2"))
    assert [(each.employee_id, each.basis_points) for each in seen.split.shares] == [("E2", 4_000)]
    assert seen.split.hidden_shares == 1
    by_rule = {each.rule_id: each for each in seen.outcomes}
    assert {rule: each.hidden_entitlements for rule, each in by_rule.items()} == {R: 1, "owners": 1, "smaller": 0}
    for each in by_rule.values():
        assert each.is_result_hidden
        assert (each.HasField("result"), each.formula, each.formula_zh, list(each.lines)) == (False, "", "", [])
    assert [part.granted.fen for part in by_rule[R].entitlements] == [40_00]

    for who, hidden in ((as_rep("E1"), 1), (as_hq(), 0)):
        whole = seen_deal(rpc, staffed, "CL-1", who)
        assert (whole.split.hidden_shares, len(whole.split.shares)) == (hidden, 2 - hidden)
        told = {each.rule_id: (each.result.fen, each.hidden_entitlements) for each in whole.outcomes}
        assert told == {R: (100_00, hidden), "owners": (70_00, 0), "smaller": (30_00, 0)}
        assert not any(each.is_result_hidden for each in whole.outcomes)


@pytest.mark.spec("I2.2")
def test_caps_cut_in_the_order_of_signing_and_say_so(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, caps(perOrder=500_00, perPersonMonth=800_00))
    deliver(staffed, deal(2, 6_200_00), deal(1, 4_000_00), deal(3, 100_00))
    assert standing(rpc, staffed) == {("CL-1", R, "E1", 400_00), ("CL-2", R, "E1", 400_00)}
    assert lines(rpc, staffed, "CL-2")[-2:] == [
        ("order_cap", f"capped: 500.00 of 620.00, cap of rule {R} per order"),
        ("person_cap", f"capped: 400.00 of 500.00, cap of rule {R} per person and month 2026-03"),
    ]
    nothing = seen_deal(rpc, staffed, "CL-3").outcomes[0]
    assert (nothing.result.fen, nothing.entitlements[0].share.fen, nothing.entitlements[0].granted.fen) == (
        10_00,
        10_00,
        0,
    )
    assert nothing.entitlements[0].lines[0].text_zh == f"封顶：10.00 元中计 0.00 元，规则 {R} 的每人每月（2026-03）上限"

    deliver(staffed, deal(1, 4_000_00, version=2, cancelled=True))
    assert standing(rpc, staffed) == {("CL-2", R, "E1", 500_00), ("CL-3", R, "E1", 10_00)}
    assert earned(rpc, staffed, at=SIGNED + 10 * MINUTE) == 800_00
    assert earned(rpc, staffed) == 510_00


@pytest.mark.spec("I2.2")
def test_the_cap_of_a_rule_counts_everybody_and_begins_anew_with_the_month_of_shanghai(
    rpc: Rpc, staffed: Service, clock: FixedClock
) -> None:
    publish_terms(rpc, staffed, R, caps(perMonth=150_00))
    clock.advance(30 * DAY)
    month_end = SIGNED.replace(day=31, hour=15, minute=59)
    deliver(
        staffed, deal(1, 1_000_00), deal(2, 1_000_00, rep="E2"),
        order("SO-8", contract="CL-8", fen=1_000_00, signed=month_end),
        order("SO-9", contract="CL-9", fen=1_000_00, signed=month_end + MINUTE),
    )  # fmt: skip
    assert standing(rpc, staffed) == {
        ("CL-1", R, "E1", 100_00), ("CL-2", R, "E2", 50_00), ("CL-9", R, "E1", 100_00),
    }  # fmt: skip


@pytest.mark.spec("I2.2", "I1.2")
def test_orders_of_a_month_keep_the_cap_of_their_rule_version(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {})
    deliver(staffed, deal(1, 5_000_00), deal(5, 5_000_00))
    half = (SIGNED + 3 * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    publish_terms(rpc, staffed, R, caps(perPersonMonth=700_00), starts=half)
    fire_clocks(staffed)
    assert standing(rpc, staffed) == {("CL-1", R, "E1", 500_00), ("CL-5", R, "E1", 200_00)}


@pytest.mark.spec("I2.2")
def test_the_highest_rule_wins_and_a_late_change_of_winner_books_the_difference(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, "small", group("HIGHEST"), percent=5)
    deliver(staffed, deal(1, 1_000_00))
    assert standing(rpc, staffed) == {("CL-1", "small", "E1", 50_00)}
    publish_terms(rpc, staffed, "large", group("HIGHEST"), percent=8)
    fire_clocks(staffed)
    assert standing(rpc, staffed) == {("CL-1", "large", "E1", 80_00)}
    assert ledger(rpc, staffed) == [("claw_back", -50_00), ("earn", 50_00), ("earn", 80_00)]
    lost = next(each for each in seen_deal(rpc, staffed, "CL-1").outcomes if each.rule_id == "small")
    assert (lost.group, list(lost.entitlements), lost.lines[0].code) == ("g", [], "group_lost")
    assert lost.lines[0].text == "group g, the highest wins: large gives 80.00; 50.00 of this rule do not count"
    assert ("group_won", "group g, the highest wins: over small (50.00)") in lines(rpc, staffed, "CL-1")


@pytest.mark.spec("I1.3", "I2.5")
def test_a_rule_that_fails_at_one_place_in_history_hinders_no_claw_back(rpc: Rpc, staffed: Service) -> None:
    """The second order of the customer gets too large a bonus; as the first it would get an honest one."""
    publish_terms(rpc, staffed, "honest", {})
    model = expression('history.customerOrderNumber == 2 ? "9999999999999" : "5000"')
    publish_terms(rpc, staffed, R, {}, model=model)
    deliver(staffed, deal(1, 1_000_00), deal(2, 2_000_00))
    both = {("CL-1", "honest", "E1", 100_00), ("CL-1", R, "E1", 50_00), ("CL-2", "honest", "E1", 200_00)}
    assert (standing(rpc, staffed), waiting(rpc, staffed)) == (both, {"CL-2": ["rule_failed"]})
    deliver(staffed, deal(1, 1_000_00, version=2, cancelled=True))
    assert standing(rpc, staffed) == {("CL-2", "honest", "E1", 200_00)}
    assert waiting(rpc, staffed) == {"CL-2": ["rule_failed"]}
    assert earned(rpc, staffed) == 200_00


@pytest.mark.spec("I2.2")
def test_a_budget_holds_whole_slips_tells_it_once_and_lets_go_in_order(
    rpc: Rpc, staffed: Service, clock: FixedClock
) -> None:
    publish_terms(rpc, staffed, R, {})
    give_budget(rpc, staffed, 250_00, rule_id=R)
    deliver(staffed, deal(1, 1_000_00), deal(2, 2_000_00), deal(3, 500_00))
    assert states(rpc, staffed) == {
        ("CL-1", R, "E1"): (100_00, False), ("CL-2", R, "E1"): (200_00, True), ("CL-3", R, "E1"): (50_00, True),
    }  # fmt: skip
    assert balance(rpc, staffed) == (350_00, 250_00, 100_00)
    assert told(staffed, "incentives.slip_created") == ["incentives.slip_created"]
    (exhausted,) = messages(staffed, "budget_exhausted")
    assert (exhausted.rule_id, exhausted.starts_on, exhausted.ends_on) == (R, "2026-03-01", "2026-03-31")
    assert (exhausted.amount.fen, exhausted.used.fen, exhausted.held.fen) == (250_00, 100_00, 200_00)
    assert (exhausted.first_deal_key, exhausted.held_orders, exhausted.number) == ("CL-2", 1, 1)
    assert [each.reason for each in messages(staffed, "slip_held")][-1] == (
        f"held: with the orders signed before it the budget of rule {R} for 2026-03, 250.00, is exceeded"
    )

    clock.advance(MINUTE)
    give_budget(rpc, staffed, 300_00, rule_id=R, onward=False)
    assert states(rpc, staffed)["CL-2", R, "E1"] == (200_00, False)
    assert states(rpc, staffed)["CL-3", R, "E1"] == (50_00, True)
    assert lines(rpc, staffed, "CL-3", held=True) == [
        ("budget", f"held: with the orders signed before it the budget of rule {R} for 2026-03, 300.00, is exceeded")
    ]
    assert ledger(rpc, staffed)[-3:] == [("hold", -200_00), ("hold", -50_00), ("release", 200_00)]
    assert earned(rpc, staffed, at=SIGNED + 10 * MINUTE) == 350_00
    deliver(staffed, deal(1, 1_000_00, version=2, cancelled=True))
    assert states(rpc, staffed) == {("CL-2", R, "E1"): (200_00, False), ("CL-3", R, "E1"): (50_00, False)}
    assert balance(rpc, staffed) == (250_00, 0, 250_00)
    assert len(messages(staffed, "budget_exhausted")) == 1
    (shown,) = budgets(rpc, staffed)
    assert (shown.amount.fen, shown.used.fen, shown.held.fen, shown.HasField("exhausted_at")) == (
        300_00,
        250_00,
        0,
        False,
    )
    assert [each.amount.fen for each in shown.changes] == [300_00, 250_00]

    deliver(staffed, deal(4, 900_00))
    assert [each.number for each in messages(staffed, "budget_exhausted")] == [1, 2]


@pytest.mark.spec("I2.2", "I3.1")
def test_a_held_slip_is_neither_confirmed_nor_appealed_until_it_is_let_go(
    rpc: Rpc, staffed: Service, clock: FixedClock
) -> None:
    publish_terms(rpc, staffed, R, {})
    give_budget(rpc, staffed, 0, rule_id=R)
    deliver(staffed, deal(1, 1_000_00))
    (slip,) = slips(rpc, staffed)
    mine = SlipServiceStub(rpc(staffed, as_=as_rep("E1")))
    with pytest.raises(FailedPrecondition) as refused:
        mine.ConfirmSlip(pb.ConfirmSlipRequest(request_id=new_id(), slip_id=slip.slip_id))
    assert refused.value.reason == "ILLEGAL_COMMAND"
    fire_clocks(staffed, later=10 * DAY)
    assert slips(rpc, staffed)[0].state == pb.SLIP_STATE_HELD, "silence is no consent to what nobody asked"
    give_budget(rpc, staffed, 100_00, rule_id=R)
    (released,) = slips(rpc, staffed)
    assert (released.slip_id, released.state, list(released.lines)) == (slip.slip_id, pb.SLIP_STATE_PENDING, [])
    assert told(staffed, "incentives.slip_created") == ["incentives.slip_created"]
    for _ in range(3):
        fire_clocks(staffed, later=5 * DAY)
    assert slips(rpc, staffed)[0].state == pb.SLIP_STATE_CONFIRMED


@pytest.mark.spec("I2.2", "I2.4")
def test_a_late_older_order_takes_the_budget_and_the_newer_waits(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {})
    give_budget(rpc, staffed, 100_00, rule_id=R)
    deliver(staffed, deal(2, 1_000_00), deal(3, 1_000_00, rep="E2"))
    pending = next(each for each in slips(rpc, staffed) if each.deal_key == "CL-2")
    deliver(staffed, deal(1, 1_000_00))
    assert {key[0]: held for key, (_, held) in states(rpc, staffed).items()} == {
        "CL-1": False,
        "CL-2": True,
        "CL-3": True,
    }
    assert pending.slip_id in {each.slip_id for each in slips(rpc, staffed) if each.state == pb.SLIP_STATE_HELD}
    SlipServiceStub(rpc(staffed, as_=as_rep("E1"))).ConfirmSlip(
        pb.ConfirmSlipRequest(
            request_id=new_id(), slip_id=next(each.slip_id for each in slips(rpc, staffed) if each.deal_key == "CL-1")
        )
    )
    deliver(staffed, deal(0, 1_000_00))
    assert {key[0]: held for key, (_, held) in states(rpc, staffed).items()} == {
        "CL-0": False, "CL-1": True, "CL-2": True, "CL-3": True,
    }  # fmt: skip
    assert balance(rpc, staffed) == (300_00, 200_00, 100_00)


@pytest.mark.spec("I2.2")
def test_the_rules_of_a_group_share_its_budget(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, "one", group("STACK"), percent=10)
    publish_terms(rpc, staffed, "two", group("STACK"), percent=5)
    give_budget(rpc, staffed, 250_00, group="g", period=budget_pb.BUDGET_PERIOD_QUARTER)
    deliver(staffed, deal(1, 1_000_00), deal(2, 1_000_00))
    assert {key[:2]: held for key, (_, held) in states(rpc, staffed).items()} == {
        ("CL-1", "one"): False, ("CL-1", "two"): False, ("CL-2", "one"): False, ("CL-2", "two"): True,
    }  # fmt: skip
    (shown,) = budgets(rpc, staffed, group="g")
    assert (shown.starts_on, shown.ends_on, shown.held_orders) == ("2026-01-01", "2026-03-31", 1)
    give_budget(rpc, staffed, 60_00, rule_id="two")
    assert {key[:2] for key, (_, held) in states(rpc, staffed).items() if held} == {("CL-2", "two")}
    give_budget(rpc, staffed, 100_00, rule_id="two")
    assert not [key for key, (_, held) in states(rpc, staffed).items() if held]


@pytest.mark.spec("I2.2")
def test_a_rule_whose_own_budget_is_over_counts_against_its_groups_again(
    rpc: Rpc, staffed: Service, clock: FixedClock
) -> None:
    publish_terms(rpc, staffed, "one", group("STACK"), percent=10)
    publish_terms(rpc, staffed, "two", group("STACK"), percent=5)
    give_budget(rpc, staffed, 150_00, group="g")
    give_budget(rpc, staffed, 1_000_00, rule_id="two", onward=False)
    deliver(staffed, deal(1, 1_000_00), deal(2, 500_00))
    assert not [key for key, (_, held) in states(rpc, staffed).items() if held]
    clock.advance(30 * DAY)
    deliver(staffed, order("SO-8", contract="CL-8", fen=1_000_00, signed=SIGNED + 29 * DAY))
    deliver(staffed, order("SO-9", contract="CL-9", fen=500_00, signed=SIGNED + 29 * DAY + MINUTE))
    assert {key[:2] for key, (_, held) in states(rpc, staffed).items() if held} == {("CL-9", "one"), ("CL-9", "two")}
    (shown,) = budgets(rpc, staffed, group="g", on="2026-04-30")
    assert (shown.used.fen, shown.held.fen, shown.held_orders) == (150_00, 75_00, 1)


@pytest.mark.spec("I2.2")
def test_a_budget_for_next_month_lets_nothing_go_today(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, group("STACK"))
    give_budget(rpc, staffed, 0, group="g")
    deliver(staffed, deal(1, 1_000_00))
    held = {("CL-1", R, "E1"): (100_00, True)}
    assert states(rpc, staffed) == held
    give_budget(rpc, staffed, 500_00, rule_id=R, starts_on="2026-04-01")
    assert states(rpc, staffed) == held
    give_budget(rpc, staffed, 500_00, rule_id=R)
    assert states(rpc, staffed) == {("CL-1", R, "E1"): (100_00, False)}


@pytest.mark.spec("I2.2")
def test_a_rule_that_gets_a_budget_of_a_year_leaves_room_in_each_month_of_its_group(
    rpc: Rpc, staffed: Service, clock: FixedClock
) -> None:
    publish_terms(rpc, staffed, "one", group("STACK"), percent=10)
    publish_terms(rpc, staffed, "two", group("STACK"), percent=10)
    give_budget(rpc, staffed, 100_00, group="g")
    clock.advance(65 * DAY)
    for month in range(3):
        signed = SIGNED + 30 * month * DAY
        deliver(staffed, order(f"SO-{month}", contract=f"CL-{month}", fen=1_000_00, signed=signed))
    held = {(f"CL-{month}", "two") for month in range(3)}
    assert {key[:2] for key, (_, waits) in states(rpc, staffed).items() if waits} == held
    give_budget(rpc, staffed, 0, rule_id="one", period=budget_pb.BUDGET_PERIOD_YEAR, starts_on="2027-01-01")
    assert {key[:2] for key, (_, waits) in states(rpc, staffed).items() if waits} == held
    give_budget(rpc, staffed, 1_000_00, rule_id="one", period=budget_pb.BUDGET_PERIOD_YEAR)
    assert not [key for key, (_, waits) in states(rpc, staffed).items() if waits]


@pytest.mark.spec("I2.2", "I2.5", "I8.1")
def test_a_second_person_approves_a_budget_and_what_was_given_stays_covered(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {})
    deliver(staffed, deal(1, 1_000_00))
    change = propose(rpc, staffed, 99_99, as_=FINANCE, rule_id=R)
    with pytest.raises(FailedPrecondition) as second:
        approve(rpc, staffed, change.change_id, FINANCE)
    assert second.value.reason == "BUDGET_NEEDS_SECOND_PERSON"
    with pytest.raises(FailedPrecondition) as below:
        approve(rpc, staffed, change.change_id, as_hq())
    assert (below.value.reason, below.value.metadata["used"]) == ("BUDGET_ALREADY_USED", "100.00")
    stub = BudgetServiceStub(rpc(staffed, as_=FINANCE))
    turned_down = stub.RejectBudget(
        budget_pb.RejectBudgetRequest(request_id=new_id(), change_id=change.change_id)
    ).change
    assert turned_down.state == budget_pb.BUDGET_CHANGE_STATE_REJECTED
    with pytest.raises(FailedPrecondition) as over:
        approve(rpc, staffed, change.change_id, as_hq())
    assert over.value.reason == "BUDGET_CHANGE_DECIDED"
    with pytest.raises(InvalidInput) as unknown:
        propose(rpc, staffed, 1, rule_id=R, period=budget_pb.BUDGET_PERIOD_UNSPECIFIED)
    assert [each.field for each in unknown.value.violations] == ["period"]
    with pytest.raises(NotFound):
        approve(rpc, staffed, new_id())
    assert not [held for _, held in states(rpc, staffed).values() if held]


@pytest.mark.spec("I2.2", "I8.1")
@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "3000-01-01", "9999-12-31"])
def test_a_day_at_the_ends_of_the_calendar_is_refused_by_field(rpc: Rpc, staffed: Service, day: str) -> None:
    publish_terms(rpc, staffed, R, {})
    with pytest.raises(InvalidInput) as proposed:
        propose(rpc, staffed, 100_00, rule_id=R, starts_on=day)
    propose(rpc, staffed, 100_00, rule_id=R, starts_on="2999-12-31")
    with pytest.raises(InvalidInput) as shown:
        budgets(rpc, staffed, on=day)
    fields = [[each.field for each in refused.value.violations] for refused in (proposed, shown)]
    assert fields == [["starts_on"], ["on"]]
    assert len(budgets(rpc, staffed, on="2999-12-31")) == 1


@pytest.mark.spec("I2.2", "I8.1")
def test_a_draft_with_wrong_terms_is_kept_with_its_fields_named_and_not_published(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, "other", group("HIGHEST"))
    wrong = {**split(owner=7_000, boss=1_000), **caps(perOrder=-5), **group("STACK")}
    found = {
        ("terms.split[1].role", "unknown_role"), ("terms.split", "split_not_whole"),
        ("terms.caps.per_order", "terms_invalid"), ("terms.group.policy", "group_contradiction"),
    }  # fmt: skip
    stub = RuleServiceStub(rpc(staffed, as_=as_hq()))
    draft = stub.DraftRule(drafted(R, wrong)).rule
    assert {(each.place, each.code) for each in draft.findings} == found
    assert (draft.terms.split[1].role, draft.terms.caps.per_order.fen) == ("boss", -5)
    asked = rule_pb.ValidateRuleRequest(model=draft.model, terms=draft.terms, rule_id=R)
    assert {(each.place, each.code) for each in stub.ValidateRule(asked).findings} == found
    request = rule_pb.PublishRuleRequest(request_id=new_id(), rule_id=R, version=draft.version)
    request.effective_from.FromDatetime(SIGNED)
    with pytest.raises(FailedPrecondition) as refused:
        stub.PublishRule(request)
    assert refused.value.reason == "RULE_HAS_ERRORS"
    assert "terms.split: The shares come to 80 %, not 100 %." in refused.value.text_en


@pytest.mark.spec("I2.2")
def test_two_rules_that_contradict_meet_at_publishing_at_the_latest(rpc: Rpc, staffed: Service) -> None:
    stub = RuleServiceStub(rpc(staffed, as_=as_hq()))
    first, second = (stub.DraftRule(drafted(name, group(way))).rule for name, way in (("a1", "STACK"), ("a2", "FIRST")))
    assert [*first.findings, *second.findings] == []
    for rule, fine in ((first, True), (second, False)):
        request = rule_pb.PublishRuleRequest(request_id=new_id(), rule_id=rule.rule_id, version=1)
        request.effective_from.FromDatetime(SIGNED)
        if fine:
            stub.PublishRule(request)
            continue
        with pytest.raises(FailedPrecondition, match="choose that or another group name"):
            stub.PublishRule(request)
