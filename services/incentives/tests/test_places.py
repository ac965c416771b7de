"""An order's place in history, told in any order and any polls: what the books say is what counting gives (I2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.rpc import Rpc

from .models import expression
from .terms_world import publish_terms
from .world import SIGNED, order, standing

R = "places"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Order:
    """`number` tells the order; a later one of the same minute stands behind."""

    number: int
    signed: int
    is_cancelled: bool
    customer: str
    rep: str


Told = tuple[Order, int]


@st.composite
def histories(draw: st.DrawFn) -> list[list[Told]]:
    """Polls of orders (1) and their cancellations (2)."""
    orders = [
        Order(at, *rest)
        for at, rest in enumerate(
            draw(
                st.lists(
                    st.tuples(
                        st.integers(0, 9), st.booleans(), st.sampled_from(["C1", "C2"]), st.sampled_from(["E1", "E2"])
                    ),
                    min_size=1,
                    max_size=6,
                )
            )
        )
    ]
    said = [(each, version) for each in orders for version in ((1, 2) if each.is_cancelled else (1,))]
    polls: list[list[Told]] = [[]]
    for each in draw(st.permutations(said)):
        if draw(st.booleans()):
            polls.append([])
        polls[-1].append(each)
    return polls


def told(each: Order, version: int) -> Any:
    return order(
        f"SO-{each.number}", version=version, contract=f"CL-{each.number}", fen=1_000_00, rep=each.rep,
        customer=each.customer, signed=SIGNED - (20 - each.signed) * MINUTE,
        cancelled=SIGNED if version == 2 else None,
    )  # fmt: skip


def counted(orders: Sequence[Order]) -> set[tuple[str, str, str, int]]:
    """A fen for each place of the customer, a thousand for each of the rep; of orders that stand in the end."""
    stand = sorted((each for each in orders if not each.is_cancelled), key=lambda x: (x.signed, f"CL-{x.number}"))
    found = set()
    for at, each in enumerate(stand):
        of_customer = sum(x.customer == each.customer for x in stand[: at + 1])
        of_rep = sum(x.rep == each.rep for x in stand[: at + 1])
        found.add((f"CL-{each.number}", R, each.rep, of_customer + 1000 * of_rep))
    return found


@pytest.fixture
def placed(rpc: Rpc, staffed: Service) -> Service:
    fen = "string(history.customerOrderNumber + 1000 * history.repOrderNumber)"
    publish_terms(rpc, staffed, R, {}, model=expression(fen))
    return staffed


FIRST, SECOND = Order(0, 1, False, "C1", "E1"), Order(1, 2, False, "C1", "E1")
GONE, LAST = Order(2, 3, True, "C2", "E1"), Order(3, 4, False, "C2", "E2")


@pytest.mark.spec("I2.5", "I2.4", "I2.1")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([[(FIRST, 1)], [(SECOND, 1)]])
@example([[(GONE, 1)], [(LAST, 1)], [(GONE, 2)]])
@given(histories())
def test_places_are_what_counting_gives(rpc: Rpc, placed: Service, polls: list[list[Told]]) -> None:
    with placed.uow.database.begin() as conn:
        conn.execute(text("TRUNCATE deal, order_source, award, award_step, slip, ledger_entry, inbox"))
    for poll in polls:
        if poll:
            deliver(placed, *(told(*each) for each in poll))
    assert standing(rpc, placed) == counted(list({each for poll in polls for each, _ in poll}))
