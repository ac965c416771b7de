"""Orders come from two sources, in any order, more than once, incomplete (I2.1, I2.4, I2.5, I8.1)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from chassis.clock import FixedClock
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.identity import as_rep
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import slip_service_pb2 as pb
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub

from .world import (
    KA,
    NEWCOMER,
    SIGNED,
    customer,
    earned,
    employee,
    evidence,
    fire_clocks,
    order,
    publish,
    slips,
    standing,
    told,
    waiting,
    withdrawal,
)  # fmt: skip

BOTH = {("CL-1", KA, "E1", 500_00), ("CL-1", NEWCOMER, "E1", 200_00)}
DAY = timedelta(days=1)


@pytest.mark.spec("I2.1", "I1.1")
def test_an_order_makes_exactly_one_slip_per_rule_however_often_it_is_told(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order(), times=2)
    deliver(ruled, order(), order(version=2), order())

    assert standing(rpc, ruled) == BOTH
    assert told(ruled, "incentives.slip_created") == ["incentives.slip_created"] * 2
    assert earned(rpc, ruled) == 700_00


@pytest.mark.spec("I2.1")
def test_a_slip_says_how_it_came_about(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    slip = next(each for each in slips(rpc, ruled) if each.rule_id == KA)
    assert slip.formula == (
        "customer class KA; order number of the customer 1; order amount 52,000.00 (>= 50,000.00); "
        "technical service yes → 500.00 CNY"
    )
    assert slip.formula_zh.endswith("订单金额 52,000.00（>= 50,000.00）；含技术服务条款 是 → 500.00 元")
    assert slip.evidence[0] == "order:SO-1"
    assert (slip.beneficiary_name, slip.unit, slip.rule_version, slip.erp_order_id) == (
        "李娜",
        "/HQ/EAST/HZ1/",
        1,
        "SO-1",
    )


@pytest.mark.spec("I2.1")
def test_the_slip_is_there_well_under_two_seconds(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order("SO-0", contract="CL-0"))
    started = time.monotonic()
    deliver(ruled, order("SO-1"))
    assert time.monotonic() - started < 1


@pytest.mark.spec("I2.1")
@pytest.mark.parametrize("first", ["erp", "opportunity"])
def test_two_sources_of_one_contract_are_one_deal(rpc: Rpc, ruled: Service, first: str) -> None:
    arriving: list[Any] = [order(contract=" cl－1 "), evidence()]
    deliver(ruled, *(arriving if first == "erp" else reversed(arriving)))
    assert standing(rpc, ruled) == BOTH
    deliver(ruled, *arriving)
    assert standing(rpc, ruled) == BOTH


@pytest.mark.spec("I2.1")
def test_evidence_below_level_five_is_no_order(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, evidence(level=4))
    assert slips(rpc, ruled) == []


@pytest.mark.spec("I2.1", "I2.5")
def test_a_withdrawn_document_takes_the_bonus_back_and_a_new_one_brings_it_again(
    rpc: Rpc, ruled: Service, clock: FixedClock
) -> None:
    signed = {("CL-1", NEWCOMER, "E1", 200_00)}
    deliver(ruled, evidence())
    assert standing(rpc, ruled) == signed
    clock.advance(timedelta(minutes=1))
    deliver(ruled, withdrawal(level=4), withdrawal("EV-0"))
    assert standing(rpc, ruled) == signed
    deliver(ruled, withdrawal(), times=2)
    assert (standing(rpc, ruled), earned(rpc, ruled)) == (set(), 0)
    assert "签约凭证已撤回" in next(each.formula_zh for each in slips(rpc, ruled) if each.original_slip_id)
    clock.advance(timedelta(minutes=1))
    deliver(ruled, evidence())
    assert (standing(rpc, ruled), earned(rpc, ruled)) == (signed, 200_00)


@pytest.mark.spec("I2.1")
def test_a_withdrawn_document_leaves_an_order_that_the_erp_knows(rpc: Rpc, ruled: Service, clock: FixedClock) -> None:
    deliver(ruled, evidence(), order())
    clock.advance(timedelta(minutes=1))
    deliver(ruled, withdrawal())
    assert standing(rpc, ruled) == BOTH
    assert told(ruled, "incentives.slip_clawed_back") == []


@pytest.mark.spec("I2.1")
def test_an_order_that_gets_its_contract_number_later_stays_one_deal(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order(contract=""))
    assert {deal for deal, *_ in standing(rpc, ruled)} == {"SO-1"}
    deliver(ruled, order(version=2), evidence())
    assert standing(rpc, ruled) == BOTH
    assert told(ruled, "incentives.slip_clawed_back") == []
    assert earned(rpc, ruled) == 700_00


@pytest.mark.spec("I2.1")
def test_two_deals_that_turn_out_to_be_one_keep_one_slip_per_rule(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, evidence(), order(contract=""))
    deliver(ruled, order(version=2))
    assert standing(rpc, ruled) == BOTH
    assert earned(rpc, ruled) == 700_00


@pytest.mark.spec("I2.1", "I1.2")
def test_the_rule_that_held_at_signing_counts(rpc: Rpc, staffed: Service) -> None:
    publish(rpc, staffed, KA, starts="2026-03-10T02:00:00Z")
    deliver(staffed, order("SO-1", signed=SIGNED))
    assert slips(rpc, staffed) == []
    deliver(staffed, order("SO-1", version=2, signed=SIGNED + timedelta(minutes=20)))
    assert {rule for _, rule, *_ in standing(rpc, staffed)} == {KA}


@pytest.mark.spec("I1.2", "I2.1")
def test_a_rule_published_for_the_past_pays_the_orders_signed_since(rpc: Rpc, staffed: Service) -> None:
    deliver(staffed, order())
    publish(rpc, staffed, KA)
    fire_clocks(staffed)
    assert {rule for _, rule, *_ in standing(rpc, staffed)} == {KA}


@pytest.mark.spec("I2.5")
def test_a_late_older_order_moves_the_bonus(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    deliver(ruled, order("SO-0", contract="CL-0", signed=SIGNED - DAY))

    assert standing(rpc, ruled) == {("CL-0", KA, "E1", 500_00), ("CL-0", NEWCOMER, "E1", 200_00)}
    assert earned(rpc, ruled) == 700_00
    assert earned(rpc, ruled, at=SIGNED - timedelta(hours=1)) == 700_00
    back = [each for each in slips(rpc, ruled) if each.original_slip_id]
    assert sorted(each.amount.fen for each in back) == [-500_00, -200_00]
    assert {each.state for each in back} == {pb.SLIP_STATE_SETTLED}
    assert told(ruled, "incentives.slip_clawed_back") == ["incentives.slip_clawed_back"] * 2


@pytest.mark.spec("I2.5")
def test_cancelled_before_payment_the_next_becomes_first(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order(), order("SO-2", contract="CL-2", signed=SIGNED + timedelta(minutes=5)))
    assert standing(rpc, ruled) == BOTH
    deliver(ruled, order(version=2, cancelled=SIGNED + timedelta(minutes=10)))

    assert standing(rpc, ruled) == {("CL-2", KA, "E1", 500_00), ("CL-2", NEWCOMER, "E1", 200_00)}
    entries = SlipServiceStub(rpc(ruled, as_=as_rep("E1"))).ListLedger(pb.ListLedgerRequest(employee_id="E1")).entries
    assert sorted(each.amount.fen for each in entries) == [-500_00, -200_00, 200_00, 200_00, 500_00, 500_00]
    assert {each.kind for each in entries} == {"earn", "claw_back"}
    assert "已取消" in next(each.formula_zh for each in slips(rpc, ruled) if each.original_slip_id)


@pytest.mark.spec("I2.4")
def test_nobody_changes_or_deletes_an_entry(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    for statement in ("UPDATE ledger_entry SET amount_fen = 0", "DELETE FROM ledger_entry"):
        with pytest.raises(DatabaseError, match="append-only"), ruled.uow.database.begin() as conn:
            conn.execute(text(statement))
    assert earned(rpc, ruled) == 700_00


NEWS = [
    ("SO-1", 1, None), ("SO-2", 1, None), ("SO-3", 1, None), ("SO-1", 2, 30), ("SO-2", 2, None), ("SO-3", 2, 40),
]  # fmt: skip


@pytest.mark.spec("I2.1", "I2.4")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(len(NEWS))), st.lists(st.integers(0, len(NEWS) - 1), max_size=3))
def test_arrival_order_and_replay_change_nothing(
    rpc: Rpc, ruled: Service, arrival: Sequence[int], again: list[int]
) -> None:
    """Three orders of one customer and rep, signed in a row; the first and the third are cancelled later."""
    run = str(time.monotonic_ns())
    names = {"SO-1": 0, "SO-2": 5, "SO-3": 10}

    def told_by(at: int) -> Any:
        order_id, version, cancelled = NEWS[at]
        gone = SIGNED + timedelta(minutes=cancelled) if cancelled else None
        signed = SIGNED + timedelta(minutes=names[order_id])
        code, rep = f"C{run}", f"E{run}"
        return order(f"{order_id}-{run}", version=version, contract=f"{order_id}-{run}", customer=code, rep=rep,
                     signed=signed, cancelled=gone)  # fmt: skip

    person, firm = employee("E1"), customer("C1")
    person.employee_id = f"E{run}"
    firm.customer_id = firm.customer.customer_id = firm.customer.customer_code = f"C{run}"
    deliver(ruled, person, firm)
    for at in [*arrival, *again]:
        deliver(ruled, told_by(at))

    assert {each for each in standing(rpc, ruled) if each[2] == f"E{run}"} == {
        (f"SO-2-{run}", KA, f"E{run}", 500_00),
        (f"SO-2-{run}", NEWCOMER, f"E{run}", 200_00),
    }
    for minutes, fen in ((0, 700_00), (29, 700_00), (60, 700_00)):
        assert earned(rpc, ruled, f"E{run}", SIGNED + timedelta(minutes=minutes)) == fen


@pytest.mark.spec("I8.1", "I2.1")
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"fen": 0}, "amount_not_positive"),
        ({"fen": -52_000_00}, "amount_not_positive"),
        ({"fen": 9_000_000_000_000_000_00}, "amount_too_large"),
        ({"signed": SIGNED + DAY}, "signed_in_future"),
        ({"signed": datetime(1, 1, 1, tzinfo=UTC)}, "signing_time"),
        ({"signed": datetime(9999, 12, 31, 23, tzinfo=UTC)}, "signing_time"),
        ({"rep": "E404"}, "unknown_salesperson"),
        ({"customer": "C404"}, "unknown_customer"),
    ],
)
def test_an_order_that_can_t_be_judged_waits_with_its_reason(
    rpc: Rpc, ruled: Service, wrong: dict[str, Any], reason: str
) -> None:
    deliver(ruled, order(**wrong))
    assert waiting(rpc, ruled) == {"CL-1": [reason]}
    assert slips(rpc, ruled) == []
    deliver(ruled, order(version=2))
    assert waiting(rpc, ruled) == {}
    assert standing(rpc, ruled) == BOTH


@pytest.mark.spec("I8.1")
def test_an_amount_that_turns_bad_takes_the_bonus_back(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    deliver(ruled, order(version=2, fen=-1))
    assert standing(rpc, ruled) == set()
    assert earned(rpc, ruled) == 0


@pytest.mark.spec("I2.1")
def test_the_slip_comes_when_customer_and_rep_become_known(rpc: Rpc, service: Service) -> None:
    publish(rpc, service, KA)
    deliver(service, order())
    assert waiting(rpc, service) == {"CL-1": ["unknown_salesperson", "unknown_customer"]}
    deliver(service, customer("C1"), times=2)
    fire_clocks(service)
    assert waiting(rpc, service) == {"CL-1": ["unknown_salesperson"]}
    deliver(service, employee("E1"), times=2)
    fire_clocks(service)
    assert standing(rpc, service) == {("CL-1", KA, "E1", 500_00)}
    assert told(service, "incentives.slip_created") == ["incentives.slip_created"]


@pytest.mark.spec("I8.1")
def test_an_order_signed_in_the_future_is_judged_when_its_time_comes(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order(signed=SIGNED + DAY))
    fire_clocks(ruled, later=timedelta(hours=1))
    assert slips(rpc, ruled) == []
    fire_clocks(ruled, later=DAY)
    assert standing(rpc, ruled) == BOTH


@pytest.mark.spec("I1.1")
def test_a_customer_that_becomes_a_key_account_later_changes_no_earlier_order(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order(customer="C2"))
    deliver(ruled, customer("C2", version=2, customer_class="KA"))
    fire_clocks(ruled)
    assert {rule for _, rule, *_ in standing(rpc, ruled)} == {NEWCOMER}
