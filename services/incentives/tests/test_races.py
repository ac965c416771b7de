"""Two transactions at once: each ends up with what the other did (I2.1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from google.protobuf.message import Message
from sqlalchemy import text

from chassis.identity import of_service
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.rpc import Rpc
from incentives.bootstrap import BONUSES
from incentives.deals.rules import CNY, ERP, OrderSource
from incentives.deals.settle_deals import Settlement
from incentives.deals.take_order import take_order
from incentives.evaluation.evaluator import Evaluator

from .terms_world import publish_terms
from .world import SIGNED, customer, employee, fire_clocks, standing, waiting

R = "ten-percent"
ORDER = OrderSource(
    ERP, "SO-1", 1, "CL-1", "C1", "", "浙大二院", "E1", 1_000_00, CNY, SIGNED, None, True, (), ("order:SO-1",)
)  # fmt: skip
PAID = {("CL-1", R, "E1", 100_00)}
BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def meanwhile(service: Service, evaluator: Evaluator, other: Callable[[], object]) -> None:
    """The order is taken and not committed when the other begins; it is committed when that waits or is done."""
    settlement = Settlement(evaluator, service.runtime.policies, BONUSES)
    with ThreadPoolExecutor(1) as pool, service.uow.begin(of_service("incentives")) as tx:
        take_order(tx, ORDER, settlement)
        done = pool.submit(other)
        wait_until_blocked(service, done)
        tx.commit()
        done.result(30)


def wait_until_blocked(service: Service, other: Future[object]) -> None:
    latest = time.monotonic() + 30
    with service.uow.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        while not other.done() and not conn.scalar(BLOCKED):
            assert time.monotonic() < latest


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
