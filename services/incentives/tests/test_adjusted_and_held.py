"""What an appeal brought waits with its slip when a budget holds that (I2.2, I2.4, I3.2)."""

from __future__ import annotations

import pytest

from chassis.clock import FixedClock
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.rpc import Rpc

from .terms_doors import R, balance, deal, ledger
from .terms_world import MINUTE, give_budget, publish_terms, states
from .test_appeals import FINANCE, MANAGER, UPHELD
from .test_appeals_of_shared import SharedDesk

MINE = ("CL-5", R, "E1")
ADJUSTED = [("adjust", 700_00), ("earn", 100_00)]


@pytest.fixture
def adjusted(rpc: Rpc, staffed: Service) -> Service:
    """A slip of 100.00 that an appeal brought to 800.00; the rule has money for one such order."""
    publish_terms(rpc, staffed, R, {})
    deliver(staffed, deal(5, 1_000_00))
    give_budget(rpc, staffed, 100_00, rule_id=R)
    desk = SharedDesk(rpc, staffed)
    desk.appeal(claimed=800_00)
    desk.decide(MANAGER, UPHELD)
    desk.do(FINANCE, "AdjustSlip")
    assert (states(rpc, staffed)[MINE], balance(rpc, staffed)) == ((800_00, False), (800_00, 0, 800_00))
    return staffed


@pytest.mark.spec("I2.2", "I2.4", "I3.2")
def test_the_whole_slip_waits_and_is_let_go_whole(rpc: Rpc, adjusted: Service, clock: FixedClock) -> None:
    deliver(adjusted, deal(1, 1_000_00, rep="E2"), times=2)
    assert (states(rpc, adjusted)[MINE], balance(rpc, adjusted)) == ((800_00, True), (800_00, 800_00, 0))
    held = [*ADJUSTED, ("hold", -700_00), ("hold", -100_00)]
    assert ledger(rpc, adjusted) == sorted(held)
    clock.advance(MINUTE)
    give_budget(rpc, adjusted, 200_00, rule_id=R)
    assert (states(rpc, adjusted)[MINE], balance(rpc, adjusted)) == ((800_00, False), (800_00, 0, 800_00))
    assert ledger(rpc, adjusted) == sorted([*held, ("release", 700_00), ("release", 100_00)])


@pytest.mark.spec("I2.2", "I2.5", "I3.2")
def test_a_slip_that_is_taken_back_while_it_waits_leaves_nothing_behind(rpc: Rpc, adjusted: Service) -> None:
    deliver(adjusted, deal(1, 1_000_00, rep="E2"))
    deliver(adjusted, deal(5, 1_000_00, version=2, cancelled=True))
    assert (MINE in states(rpc, adjusted), balance(rpc, adjusted)) == (False, (0, 0, 0))
    for person in ("E1", "E2"):
        assert balance(rpc, adjusted, person)[1] == 0
