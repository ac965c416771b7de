"""Two transactions at once: each ends up with what the other did (I2.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from google.protobuf.message import Message
from sqlalchemy import text

from chassis.errors import InvalidInput
from chassis.identity import of_service
from chassis.kernel.money import Money
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq
from chassis.testing.locks import until_blocked
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import budget_service_pb2 as budget_pb
from incentives.awards.store import differing_deals
from incentives.bootstrap import BONUSES
from incentives.budgets.propose_budget import Proposal, propose_budget
from incentives.budgets.rules import Period
from incentives.deals.rules import CNY, ERP, OrderSource
from incentives.deals.settle_deals import Settlement
from incentives.deals.take_orders import Told, take_orders
from incentives.evaluation.evaluator import Evaluator

from .terms_world import FINANCE, MINUTE, approve, budgets, caps, give_budget, propose, publish_terms, states
from .world import SIGNED, customer, employee, fire_clocks, order, standing, waiting

R = "ten-percent"
ORDER = OrderSource(
    ERP, "SO-1", 1, "CL-1", "C1", "", "浙大二院", "E1", 1_000_00, CNY, SIGNED, None, True, (), ("order:SO-1",)
)  # fmt: skip
DAY = timedelta(days=1)
PAID = {("CL-1", R, "E1", 100_00)}


def meanwhile(service: Service, evaluator: Evaluator, other: Callable[[], object]) -> None:
    """The order is taken and not committed when the other begins; it is committed when that waits or is done."""
    settlement = Settlement(evaluator, service.runtime.policies, BONUSES)
    with ThreadPoolExecutor(1) as pool, service.uow.begin(of_service("incentives")) as tx:
        take_orders(tx, [Told(ORDER)], settlement)
        done = pool.submit(other)
        until_blocked(service.uow.database, unless=done.done)
        tx.commit()
        done.result(30)


@pytest.mark.spec("I1.2", "I2.1")
def test_an_order_that_comes_while_a_rule_is_published_gets_its_bonus(
    rpc: Rpc, staffed: Service, evaluator: Evaluator
) -> None:
    meanwhile(staffed, evaluator, lambda: publish_terms(rpc, staffed, R, {}))
    fire_clocks(staffed)
    assert standing(rpc, staffed) == PAID


@pytest.mark.spec("I2.1", "I8.1")
@pytest.mark.parametrize(("known", "told"), [(customer("C1"), employee("E1")), (employee("E1"), customer("C1"))])
def test_an_order_that_comes_while_its_people_are_being_told_waits_for_nobody(
    rpc: Rpc, service: Service, evaluator: Evaluator, known: Message, told: Message
) -> None:
    publish_terms(rpc, service, R, {})
    deliver(service, known)
    meanwhile(service, evaluator, lambda: deliver(service, told))
    fire_clocks(service)
    assert (waiting(rpc, service), standing(rpc, service)) == ({}, PAID)


@pytest.mark.spec("I2.2", "I2.1")
def test_two_consumers_give_no_budget_away_twice(rpc: Rpc, staffed: Service, evaluator: Evaluator) -> None:
    """Each order fits into it, both don't."""
    publish_terms(rpc, staffed, R, {})
    give_budget(rpc, staffed, 150_00, rule_id=R)
    later = order("SO-2", contract="CL-2", fen=1_000_00, rep="E2", customer="C2", signed=SIGNED + MINUTE)
    meanwhile(staffed, evaluator, lambda: deliver(staffed, later))
    assert states(rpc, staffed) == {("CL-1", R, "E1"): (100_00, False), ("CL-2", R, "E2"): (100_00, True)}


@pytest.mark.spec("I2.2", "I2.4", "I2.1")
def test_consumers_that_share_a_budget_and_a_cap_come_to_what_one_comes_to(rpc: Rpc, staffed: Service) -> None:
    """A hundred of each order: the cap of the month leaves 20 of 24 something, the budget pays ten of them."""
    publish_terms(rpc, staffed, R, caps(perMonth=2_000_00))
    give_budget(rpc, staffed, 1_000_00, rule_id=R)
    signed = [SIGNED - (24 - at) * MINUTE for at in range(24)]
    told = [
        order(f"SO-{at:02}", contract=f"CL-{at:02}", fen=1_000_00, rep=f"E{1 + at % 2}", customer="C1", signed=when)
        for at, when in enumerate(signed)
    ]
    start = Barrier(2)

    def consume(mine: Sequence[Message]) -> None:
        """Three in a poll, in the order of signing: an award that missed another is not looked at again."""
        start.wait()
        for at in range(0, len(mine), 3):
            deliver(staffed, *mine[at : at + 3])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(consume, (told[::2], told[1::2])))
    paid = {(f"CL-{at:02}", R, f"E{1 + at % 2}"): (100_00, at >= 10) for at in range(20)}
    assert states(rpc, staffed) == paid
    with staffed.uow.read(FINANCE) as tx:
        assert differing_deals(tx, SIGNED - DAY) == [], "the ledger is what the awards say"


@pytest.mark.spec("I2.2", "I8.1")
def test_of_two_budgets_proposed_at_once_the_second_goes_by_the_period_of_the_first(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {})
    first = Proposal(R, "", Period.MONTH, None, True, Money(100_00), "第一季度活动")
    with ThreadPoolExecutor(1) as pool, staffed.uow.begin(as_hq("E800", "ops")) as tx:
        propose_budget(tx, first)
        second = pool.submit(propose, rpc, staffed, 500_00, rule_id=R, period=budget_pb.BUDGET_PERIOD_YEAR)
        until_blocked(staffed.uow.database, unless=second.done)
        tx.commit()
        with pytest.raises(InvalidInput) as refused:
            second.result(30)
    assert [each.field for each in refused.value.violations] == ["period"]


@pytest.mark.spec("I2.2", "I8.1")
def test_of_two_budgets_by_different_periods_one_is_approved(rpc: Rpc, staffed: Service) -> None:
    """Two such proposals are from before they were taken one after the other."""
    publish_terms(rpc, staffed, R, {})
    month, year = (propose(rpc, staffed, 100_00, rule_id=R).change_id for _ in range(2))
    with staffed.uow.database.begin() as conn:
        older = text("UPDATE budget_change SET period = 'year', starts_on = '2026-01-01' WHERE change_id = :id")
        conn.execute(older, {"id": year})
    approve(rpc, staffed, month)
    with pytest.raises(InvalidInput) as refused:
        approve(rpc, staffed, year)
    assert [each.field for each in refused.value.violations] == ["period"]
    (shown,) = budgets(rpc, staffed, rule_id=R)
    assert (shown.period, shown.amount.fen) == (budget_pb.BUDGET_PERIOD_MONTH, 100_00)
