"""Splits, caps, groups and budgets together: no order of arrival changes a balance at any time (I2.2, I2.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chassis.clock import FixedClock
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import slip_service_pb2 as pb
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub
from incentives.awards.store import differing_deals

from .models import expression
from .terms_world import FINANCE, caps, give_budget, group, publish_terms, split, states
from .world import order

MINUTE = timedelta(minutes=1)
PEOPLE = ("E1", "E2", "E100")
# Customers of their own: what one rep's orders do to the other's goes through caps and budgets alone.
CUSTOMER = {"E1": "C1", "E2": "C2"}
# E1's manager is known, E2's is not: that part stays with E2.
MANAGER = {"E1": "E100", "E2": "E2"}
PERSON_CAP, RULE_CAP, BUDGET, RAISED = 150_00, 40_00, 250_00, 330_00
# Budgets of the flat bonus alone: for two orders, and for as many as an example has.
SCARCE, AMPLE = 100_00, 250_00


@dataclass(frozen=True)
class Order:
    """Minutes of signing and cancellation in the month."""

    number: int
    fen: int
    rep: str
    signed: int
    cancelled: int | None


# An order is told (version 1) or told to be cancelled (2); the group's budget is raised, or the flat bonus gets one.
News = tuple[Order, int] | Literal["raised", "own"]


@dataclass(frozen=True)
class Month:
    """`own`: a budget of the flat bonus alone. `polls`: what arrives, in order; the news of a poll come together."""

    orders: Sequence[Order]
    own: int | None
    polls: Sequence[Sequence[News]]


# Of such a size that the flat bonus wins, or the percentage.
FLAT, SHARED = st.integers(3, 4), st.integers(5, 20)
ORDERS = st.lists(
    st.tuples(
        st.one_of(FLAT, SHARED),
        st.sampled_from(["E1", "E2"]),
        st.integers(0, 8),
        st.one_of(st.integers(4, 20), st.none()),
    ),
    min_size=2,
    max_size=5,
).map(lambda told: [Order(at, fen * 100_01, *rest) for at, (fen, *rest) in enumerate(told)])


@st.composite
def months(draw: st.DrawFn) -> Month:
    """Orders and cancellations in any order, some twice; a raise of the budget, and maybe one of the flat bonus."""
    orders, own = draw(ORDERS), draw(st.sampled_from([None, SCARCE, AMPLE]))
    said: list[News] = [(each, 1) for each in orders]
    said += [(each, 2) for each in orders if each.cancelled is not None]
    budgets: list[News] = ["raised", "own"] if own == AMPLE else ["raised"]
    arrivals = draw(st.permutations([*said, *budgets])) + draw(st.lists(st.sampled_from(said), max_size=2))
    polls: list[list[News]] = [[]]
    for each in arrivals:
        if draw(st.booleans()):
            polls.append([])
        polls[-1].append(each)
    return Month(orders, own, polls)


def late(*orders: Order) -> Month:
    """The one signed last arrives first."""
    said: list[list[News]] = [[(each, 1)] for each in reversed(orders)]
    return Month(orders, None, [*said, ["raised"]])


def told(each: Order, version: int, month: datetime) -> Any:
    gone = None if version == 1 or each.cancelled is None else month + each.cancelled * MINUTE
    key = f"{month:%Y%m}-{each.number}"
    return order(
        key, version=version, contract=key, fen=each.fen, rep=each.rep, customer=CUSTOMER[each.rep],
        signed=month + each.signed * MINUTE,
        cancelled=gone,
    )  # fmt: skip


def halves_up(fen: int, percent: int) -> int:
    return (fen * percent + 50) // 100


def plainly(orders: Sequence[Order], at: int, budget: int, own: int | None) -> tuple[dict[str, int], dict[str, int]]:
    """Earned and held by person, said plainly: the orders that stand at that minute, in the order of signing. `own`:
    the month's budget of the flat bonus alone."""
    earned: dict[str, int] = defaultdict(int)
    held: dict[str, int] = defaultdict(int)
    by_share: dict[str, int] = defaultdict(int)
    pool, demand = RULE_CAP, {"group": 0, "own": 0}
    limits = {"group": budget, "own": own or 0}
    for each in sorted(orders, key=lambda x: (x.signed, x.number)):
        gone = each.cancelled is not None and max(each.cancelled, each.signed) <= at
        if each.signed > at or gone:
            continue
        percent, flat, of = halves_up(each.fen, 10), 50_00, "group"
        if percent >= flat:
            exact = percent * 3_000
            leader = exact // 10_000 + (1 if exact % 10_000 > 5_000 else 0)
            parts: dict[str, int] = defaultdict(int)
            parts[each.rep] += percent - leader
            parts[MANAGER[each.rep]] += leader
            parts = {who: max(0, min(fen, PERSON_CAP - by_share[who])) for who, fen in parts.items()}
            for who, fen in parts.items():
                by_share[who] += fen
        else:
            parts, of = {each.rep: flat}, "group" if own is None else "own"
        demand[of] += sum(parts.values())
        for who, fen in parts.items():
            earned[who] += fen
            held[who] += fen if demand[of] > limits[of] else 0
        extra = min(halves_up(each.fen, 3), pool)
        pool -= extra
        earned[each.rep] += extra
    return {who: earned[who] for who in PEOPLE}, {who: held[who] for who in PEOPLE}


def balances(rpc: Rpc, service: Service, at: datetime) -> list[tuple[int, int]]:
    stub, found = SlipServiceStub(rpc(service, as_=FINANCE)), []
    for who in PEOPLE:
        request = pb.GetBalanceRequest(employee_id=who)
        request.at.FromDatetime(at)
        balance = stub.GetBalance(request)
        assert balance.balance.fen == balance.earned.fen - balance.held.fen
        found.append((balance.earned.fen, balance.held.fen))
    return found


@pytest.fixture
def termed(rpc: Rpc, staffed: Service) -> Service:
    """A percentage that is shared and capped by person against a flat bonus, both under one budget; and a small extra
    that is capped for everybody together."""
    shared = {**split(owner=7_000, manager=3_000), **caps(perPersonMonth=PERSON_CAP), **group("HIGHEST", 1)}
    publish_terms(rpc, staffed, "a-share", shared, percent=10)
    publish_terms(rpc, staffed, "b-flat", group("HIGHEST", 2), model=expression('"5000"'))
    publish_terms(rpc, staffed, "c-extra", caps(perMonth=RULE_CAP), percent=3)
    give_budget(rpc, staffed, BUDGET, group="g")
    # Over before the first example begins: from then on the flat bonus counts against its group's again.
    give_budget(rpc, staffed, 1, rule_id="b-flat", onward=False)
    return staffed


def arrive(rpc: Rpc, service: Service, poll: Sequence[News], month: datetime) -> None:
    """Neighbours that are orders in one poll of the broker; a budget is settled before the next."""
    for is_order, together in groupby(poll, key=lambda each: isinstance(each, tuple)):
        if is_order:
            deliver(service, *(told(*each, month) for each in together if isinstance(each, tuple)))
            continue
        for each in together:
            if each == "own":
                give_budget(rpc, service, AMPLE, rule_id="b-flat", onward=False)
            else:
                give_budget(rpc, service, RAISED, group="g", onward=False)


@pytest.mark.spec("I2.2", "I2.4", "I2.1")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# What comes late takes from those behind it: of the cap per person, of that of the rule, of the budget.
@example(late(Order(0, 20 * 100_01, "E1", 0, None), Order(1, 20 * 100_01, "E1", 1, None)))
@example(late(Order(0, 14 * 100_01, "E1", 0, None), Order(1, 4 * 100_01, "E2", 1, None)))
@example(late(Order(0, 20 * 100_01, "E2", 0, None), Order(1, 10 * 100_01, "E1", 2, None)))
@given(months())
def test_what_everybody_has_at_any_time_follows_from_the_facts_alone(
    rpc: Rpc, termed: Service, clock: FixedClock, told_in: Month
) -> None:
    """Each example has a month of its own; the raise of the budget holds from its approval on."""
    orders, own = told_in.orders, told_in.own
    now = clock.now()
    month = datetime(now.year + now.month // 12, now.month % 12 + 1, 3, 2, tzinfo=UTC)
    clock.set(month + 60 * MINUTE)
    before = balances(rpc, termed, month - MINUTE)
    if own == SCARCE:  # only as long as nothing was given yet
        give_budget(rpc, termed, SCARCE, rule_id="b-flat", onward=False)
    for poll in told_in.polls:
        arrive(rpc, termed, poll, month)

    happened = {minute for each in orders for minute in (each.signed, each.cancelled) if minute is not None}
    for minute in sorted({*happened, 60}):
        earned, held = plainly(orders, minute, RAISED if minute == 60 else BUDGET, own)
        found = balances(rpc, termed, month + minute * MINUTE)
        assert [(now[0] - then[0], now[1] - then[1]) for now, then in zip(found, before, strict=True)] == [
            (earned[who], held[who]) for who in PEOPLE
        ], f"at minute {minute}"
    with termed.uow.read(FINANCE) as tx:
        assert differing_deals(tx, month) == [], "the ledger is what the awards say"
    slips = {key: each for key, each in states(rpc, termed).items() if key[0].startswith(f"{month:%Y%m}-")}
    earned, held = plainly(orders, 60, RAISED, own)
    for who in PEOPLE:
        mine = [each for key, each in slips.items() if key[2] == who]
        assert sum(fen for fen, _ in mine) == earned[who]
        assert sum(fen for fen, waits in mine if waits) == held[who]
