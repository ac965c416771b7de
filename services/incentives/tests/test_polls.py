"""Orders of one poll are settled together, and come to what they come to one by one (I2.1, I2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from chassis.consumer import parked_events
from chassis.events import Cause
from chassis.outbox import outbox_row
from chassis.service import Service
from chassis.testing.events import as_record, deliver, deliver_records, recorded_events
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import slip_service_pb2 as pb
from incentives.bootstrap import CATALOG

from .terms_world import publish_terms
from .world import SIGNED, evidence, order, slips, standing

R = "ten-percent"
HOUR = timedelta(hours=1)


def orders(number: int) -> list[Any]:
    """Of two reps and customers, each of a contract of its own."""
    return [
        order(f"SO-{at}", contract=f"CL-{at}", fen=1_000_00, rep=f"E{1 + at % 2}", customer=f"C{1 + at % 2}",
              signed=SIGNED - at * HOUR)
        for at in range(1, number + 1)
    ]  # fmt: skip


@pytest.fixture
def paid(rpc: Rpc, staffed: Service) -> Service:
    """Ten percent of each order."""
    publish_terms(rpc, staffed, R, {})
    return staffed


@contextmanager
def statements(service: Service) -> Iterator[list[str]]:
    """What is sent to its database meanwhile."""
    sent: list[str] = []
    listening = (service.uow.database.engine, "before_cursor_execute", lambda *said: sent.append(said[2]))
    event.listen(*listening)
    yield sent
    event.remove(*listening)


@pytest.mark.spec("I2.1")
def test_a_poll_of_many_orders_takes_as_many_statements_as_one_of_few(rpc: Rpc, paid: Service) -> None:
    told, counts = orders(14), []
    for poll in (told[:1], told[1:3], told[3:]):  # with the first one the rules are read
        with statements(paid) as sent:
            deliver(paid, *poll)
        counts.append(len(sent))
    assert counts[1] == counts[2] < 50
    assert standing(rpc, paid) == {(f"CL-{at}", R, f"E{1 + at % 2}", 100_00) for at in range(1, 15)}


@pytest.mark.spec("I2.1", "P10.1")
def test_each_slip_goes_on_with_the_story_of_its_own_order(paid: Service) -> None:
    rows = [outbox_row(CATALOG, each, service="integration", at=SIGNED, cause=Cause("", "")) for each in orders(3)]
    traces = [f"{at:032x}" for at, _ in enumerate(rows, 1)]
    for row, trace in zip(rows, traces, strict=True):
        row.headers["traceparent"] = f"00-{trace}-{1:016x}-01"
    deliver_records(paid, [as_record(row, at) for at, row in enumerate(rows)])
    with paid.uow.database.connect() as conn:
        made = [each for each in recorded_events(conn, CATALOG) if each.type == "incentives.slip_created"]
        audited = conn.execute(
            text("SELECT trace_id FROM audit_row WHERE action = 'slip.create' ORDER BY id")
        ).scalars()
        assert list(audited) == traces
    assert [(each.message.deal_key, each.causation_id) for each in made] == [
        (f"CL-{at}", row.id) for at, row in enumerate(rows, 1)
    ]  # fmt: skip


@pytest.mark.spec("I2.1", "I2.4")
def test_an_order_that_is_cancelled_in_the_poll_that_brings_it_leaves_slip_and_claw_back(
    rpc: Rpc, paid: Service
) -> None:
    first, second = orders(2)
    deliver(paid, first, second, order("SO-1", version=2, contract="CL-1", fen=1_000_00, rep="E2", customer="C2",
                                       signed=SIGNED - HOUR, cancelled=SIGNED))  # fmt: skip
    assert standing(rpc, paid) == {("CL-2", R, "E1", 100_00)}
    shown = sorted((each.state, each.amount.fen) for each in slips(rpc, paid) if each.deal_key == "CL-1")
    assert shown == [(pb.SLIP_STATE_CANCELLED, 100_00), (pb.SLIP_STATE_SETTLED, -100_00)]


@pytest.mark.spec("I2.1", "I8.1")
def test_an_order_that_moves_to_another_contract_in_a_poll_takes_its_slip_along(rpc: Rpc, paid: Service) -> None:
    first, second = orders(2)
    deliver(paid, first)
    (before,) = slips(rpc, paid)
    moved = order("SO-1", version=2, contract="CL-9", fen=1_000_00, rep="E2", customer="C2", signed=SIGNED - HOUR)
    deliver(paid, second, moved, evidence("CL-9"))
    assert {each.slip_id: each.deal_key for each in slips(rpc, paid)}[before.slip_id] == "CL-9"
    assert standing(rpc, paid) == {("CL-9", R, "E2", 100_00), ("CL-2", R, "E1", 100_00)}


@pytest.mark.spec("I8.1")
def test_a_bad_order_in_a_poll_hinders_no_other(rpc: Rpc, paid: Service) -> None:
    first, bad, last = orders(3)
    bad.order.amount.fen = 2**63 - 1
    bad.order.lines.add(product_code="x\x00")
    deliver(paid, first, bad, last, park=True)
    assert {key for key, *_ in standing(rpc, paid)} == {"CL-1", "CL-3"}
    with paid.uow.database.connect() as conn:
        assert [each.record.key for each in parked_events(conn, "incentives")] == ["SO-2"]
