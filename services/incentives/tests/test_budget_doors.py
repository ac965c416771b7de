"""Budgets through the real doors (I2.2, I3.2): what they hold, let go, and who approves them."""

from __future__ import annotations

import pytest

from chassis.clock import FixedClock
from chassis.errors import FailedPrecondition, InvalidInput, NotFound
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import budget_service_pb2 as budget_pb
from closeloop.incentives.v1 import slip_service_pb2 as pb
from closeloop.incentives.v1.budget_service_pb2_grpc import BudgetServiceStub
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub

from .terms_doors import DAY, R, balance, deal, ledger, lines
from .terms_world import (
    FINANCE,
    MINUTE,
    approve,
    budgets,
    give_budget,
    group,
    messages,
    propose,
    publish_terms,
    states,
)
from .world import SIGNED, earned, fire_clocks, order, slips, told


@pytest.mark.spec("I2.2")
def test_a_budget_holds_whole_slips_tells_it_once_and_lets_go_in_order(
    rpc: Rpc, staffed: Service, clock: FixedClock
) -> None:
    publish_terms(rpc, staffed, R, {})
    give_budget(rpc, staffed, 250_00, rule_id=R)
    for each in (deal(1, 1_000_00), deal(2, 2_000_00), deal(3, 500_00)):
        deliver(staffed, each)
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
