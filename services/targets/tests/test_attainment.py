"""Claims come as events, in any order and more than once; the figure is always the sum of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.identity import of_service
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money as Fen
from chassis.service import Service
from chassis.testing.events import NotDelivered, deliver, recorded_events
from chassis.testing.identity import as_hq, as_manager, as_rep
from chassis.testing.locks import until_blocked
from chassis.testing.rpc import Rpc
from closeloop.common.v1.money_pb2 import Money
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.integration.v1.events_pb2 import (
    EmployeeChanged,
    FeedDegraded,
    FeedRecovered,
    PosSalesLine,
    PosSalesLoaded,
    ReceiptClaimed,
    ReceiptUnclaimed,
)
from closeloop.targets.v1 import attainment_service_pb2 as pb
from closeloop.targets.v1 import plan_service_pb2 as plan_pb
from closeloop.targets.v1.attainment_service_pb2_grpc import AttainmentServiceStub
from closeloop.targets.v1.plan_service_pb2_grpc import PlanServiceStub
from targets.attainment.count_claim import Claimed, count_claim
from targets.attainment.rules import AttainmentChanged
from targets.bootstrap import CATALOG
from targets.plans.rules import PlanChanged

MONTH = "2026-03"


def claimed(claim_id: str, rep: str = "E1", fen: int = 100_00, on: str = "2026-03-09") -> ReceiptClaimed:
    return ReceiptClaimed(
        receipt_id=f"R-{claim_id}",
        claim_id=claim_id,
        contract_number="HT-1",
        customer_name="杭州某校",
        salesperson_id=rep,
        amount=Money(fen=fen, currency="CNY"),
        arrived_on=on,
        method="exact_contract",
    )


def unclaimed(claim_id: str) -> ReceiptUnclaimed:
    return ReceiptUnclaimed(receipt_id=f"R-{claim_id}", claim_id=claim_id, reason="wrong contract", actor="E700")


def collected(service: Service) -> int:
    """Fen that stand in the database, whatever the rep."""
    with service.uow.database.connect() as conn:
        standing = "claim_id NOT IN (SELECT claim_id FROM undone_claim)"
        total = conn.execute(text(f"SELECT coalesce(sum(amount_fen), 0) FROM collected_claim WHERE {standing}"))
        return int(total.scalar_one())


def plan(rpc: Rpc, service: Service, *targets: tuple[str, str, int]) -> None:
    """A plan of the year with these targets of the month."""
    plans = PlanServiceStub(rpc(service, as_=as_hq()))
    made = plans.CreatePlan(
        plan_pb.CreatePlanRequest(request_id=new_id(), name="2026", first_month="2026-01", months=12)
    ).plan
    rows = [
        plan_pb.PlanNodeRow(level=level, subject=subject, month=MONTH, target=Money(fen=fen))
        for level, subject, fen in targets
    ]
    request = plan_pb.ImportPlanNodesRequest(request_id=new_id(), plan_id=made.plan_id, reason="opening", rows=rows)
    assert plans.ImportPlanNodes(request).taken == len(rows)


def test_events_fit_their_contracts() -> None:
    CATALOG.check([AttainmentChanged, PlanChanged])


@pytest.mark.spec("T2.1")
def test_attainment_is_shown_per_level_with_the_rows_behind_it(rpc: Rpc, staffed: Service) -> None:
    plan(rpc, staffed, ("company", "/HQ/", 1000_00), ("team", "/HQ/EAST/HZ1/", 400_00), ("rep", "E1", 400_00))
    deliver(staffed, claimed("c1"), claimed("c2", fen=50_00), claimed("c3", rep="E3"), times=2)
    deliver(staffed, claimed("c4", on="2026-02-28"), unclaimed("c2"))

    shown = AttainmentServiceStub(rpc(staffed, as_=as_hq())).GetAttainment(pb.GetAttainmentRequest(month=MONTH))
    lines = {line.subject: line for line in shown.lines}
    assert {subject: (line.collected.fen, line.receipts) for subject, line in lines.items()} == {
        "/HQ/": (200_00, 2),
        "/HQ/EAST/HZ1/": (100_00, 1),
        "E1": (100_00, 1),
    }
    assert lines["E1"].attainment == 0.25
    assert not shown.provenance.provisional

    for line in shown.lines:
        rows = AttainmentServiceStub(rpc(staffed, as_=as_hq())).ListAttainmentRows(
            pb.ListAttainmentRowsRequest(month=MONTH, level=line.level, subject=line.subject)
        )
        assert sum(row.amount.fen for row in rows.rows) == line.collected.fen


@pytest.mark.spec("T2.1", "P1.4")
def test_nobody_reads_the_rows_of_another_team(rpc: Rpc, staffed: Service) -> None:
    deliver(staffed, claimed("c1"), claimed("c3", rep="E3"))
    for identity, seen in (
        (as_rep("E1"), ["c1"]),
        (as_rep("E2"), []),
        (as_manager(unit="/HQ/NORTH/BJ1/"), ["c3"]),
        (as_hq(), ["c3", "c1"]),
    ):
        stub = AttainmentServiceStub(rpc(staffed, as_=identity))
        rows = stub.ListAttainmentRows(pb.ListAttainmentRowsRequest(month=MONTH)).rows
        assert [row.claim_id for row in rows] == seen


@pytest.mark.spec("T2.1", "P1.4")
def test_who_sees_a_line_opens_rows_that_add_up_to_it(
    rpc: Rpc, staffed: Service, employee: Callable[..., EmployeeChanged]
) -> None:
    """The rep came from another team in the middle of the month and sold there, too."""
    deliver(staffed, claimed("c1"), claimed("c2", rep="E2", fen=7_00))
    deliver(staffed, employee("E1", version=2, unit="/HQ/NORTH/BJ1/"))
    deliver(staffed, claimed("c3", fen=50_00))
    plan(rpc, staffed, ("team", "/HQ/NORTH/BJ1/", 1), ("team", "/HQ/EAST/HZ1/", 1), ("rep", "E1", 1), ("rep", "E2", 1))

    for identity, figures in (
        (as_rep("E1"), {"E1": 150_00}),
        (as_manager(unit="/HQ/NORTH/BJ1/"), {"/HQ/NORTH/BJ1/": 50_00, "E1": 150_00}),
        (as_manager(unit="/HQ/EAST/HZ1/"), {"/HQ/EAST/HZ1/": 100_00}),
        (as_hq(), {"/HQ/NORTH/BJ1/": 50_00, "/HQ/EAST/HZ1/": 100_00, "E1": 150_00, "E2": 7_00}),
    ):
        stub = AttainmentServiceStub(rpc(staffed, as_=identity))
        shown = stub.GetAttainment(pb.GetAttainmentRequest(month=MONTH)).lines
        assert {line.subject: line.collected.fen for line in shown} == figures
        for line in shown:
            asked = pb.ListAttainmentRowsRequest(month=MONTH, level=line.level, subject=line.subject)
            assert sum(row.amount.fen for row in stub.ListAttainmentRows(asked).rows) == line.collected.fen
    stranger = AttainmentServiceStub(rpc(staffed, as_=as_manager(unit="/HQ/EAST/HZ2/")))
    asked = pb.ListAttainmentRowsRequest(month=MONTH, level="rep", subject="E1")
    assert not stranger.ListAttainmentRows(asked).rows


@pytest.mark.spec("T2.1")
def test_one_line_is_the_same_alone_and_among_all(rpc: Rpc, staffed: Service) -> None:
    deliver(staffed, claimed("c1"), claimed("c2", rep="E2", fen=7_00))
    plan(rpc, staffed, ("company", "/HQ/", 1), ("region", "/HQ/EAST/", 1), ("rep", "E1", 1), ("rep", "E2", 1))
    stub = AttainmentServiceStub(rpc(staffed, as_=as_hq()))
    for line in stub.GetAttainment(pb.GetAttainmentRequest(month=MONTH)).lines:
        for narrow in ({"subject": line.subject}, {"level": line.level}):
            assert line in stub.GetAttainment(pb.GetAttainmentRequest(month=MONTH, **narrow)).lines


@pytest.mark.spec("T2.1", "P1.1")
def test_pages_of_rows_leave_nothing_out(rpc: Rpc, staffed: Service) -> None:
    deliver(staffed, *(claimed(f"c{n}", on=f"2026-03-0{1 + n % 3}") for n in range(7)))
    stub = AttainmentServiceStub(rpc(staffed, as_=as_manager()))
    rows, token = [], ""
    for _ in range(4):
        page = PageRequest(size=2, token=token)
        answer = stub.ListAttainmentRows(pb.ListAttainmentRowsRequest(month=MONTH, page=page))
        rows += [(row.arrived_on, row.claim_id) for row in answer.rows]
        token = answer.page.next_token
    assert (len(rows), rows, token) == (7, sorted(set(rows), reverse=True), "")


@pytest.mark.spec("T2.1")
def test_money_that_can_not_be_added_is_parked_with_the_reason(staffed: Service) -> None:
    dollars = claimed("c1")
    dollars.amount.currency = "USD"
    with pytest.raises(NotDelivered, match="USD"):
        deliver(staffed, dollars)
    with pytest.raises(NotDelivered, match="2026-02-30"):
        deliver(staffed, claimed("c2", on="2026-02-30"))
    assert collected(staffed) == 0


@pytest.mark.spec("T2.1")
def test_a_claim_that_comes_before_its_rep_finds_the_unit_later(
    service: Service, employee: Callable[[str], EmployeeChanged]
) -> None:
    deliver(service, claimed("c1"))
    deliver(service, employee("E1"))
    with service.uow.database.connect() as conn:
        assert conn.execute(text("SELECT unit FROM collected_claim")).scalar_one() == "/HQ/EAST/HZ1/"


@pytest.mark.spec("T2.1")
def test_a_claim_that_comes_while_its_rep_is_being_told_finds_the_unit(
    service: Service, employee: Callable[[str], EmployeeChanged]
) -> None:
    """The claim has looked for the unit in vain and is not committed yet when the rep is told."""
    said = Claimed("c1", "R-c1", "HT-1", "杭州某校", "E1", Fen(100_00), "2026-03-09", "exact_contract")
    with ThreadPoolExecutor(1) as pool, service.uow.begin(of_service("targets")) as tx:
        count_claim(tx, said)
        told = pool.submit(deliver, service, employee("E2"), employee("E1"))
        until_blocked(service.uow.database, unless=told.done)
        tx.commit()
        told.result(30)
    with service.uow.database.connect() as conn:
        assert conn.execute(text("SELECT unit FROM collected_claim")).scalar_one() == "/HQ/EAST/HZ1/"


@pytest.mark.spec("T2.1")
def test_an_undo_that_overtakes_its_claim_still_wins(staffed: Service) -> None:
    deliver(staffed, unclaimed("c1"))
    deliver(staffed, claimed("c1"))
    assert collected(staffed) == 0
    with staffed.uow.database.connect() as conn:
        assert recorded_events(conn, CATALOG) == [], "no figure changed"


@pytest.mark.spec("T2.1")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=4))
def test_no_order_and_no_repetition_changes_the_figure(
    staffed: Service, order: Sequence[int], again: list[int]
) -> None:
    run = new_id()
    facts: list[Message] = [claimed(f"{run}-{n}", fen=10 ** (n + 2)) for n in range(4)]
    facts += [unclaimed(f"{run}-0"), unclaimed(f"{run}-3")]
    before = collected(staffed)
    for at in [*order, *again]:
        deliver(staffed, facts[at])
    assert collected(staffed) - before == 10**3 + 10**4


@pytest.mark.spec("T2.1")
def test_each_change_is_told_with_the_new_figure(staffed: Service) -> None:
    deliver(staffed, claimed("c1"), claimed("c2", fen=1), times=2)
    deliver(staffed, unclaimed("c1"))
    with staffed.uow.database.connect() as conn:
        told = [event.message for event in recorded_events(conn, CATALOG)]
    assert [(each.subject, each.month, each.collected.fen) for each in told] == [
        ("E1", MONTH, 100_00),
        ("E1", MONTH, 100_01),
        ("E1", MONTH, 1),
    ]


@pytest.mark.spec("N2.2")
def test_figures_are_provisional_while_the_bank_feed_is_incomplete(rpc: Rpc, staffed: Service) -> None:
    until = Timestamp()
    until.FromDatetime(datetime(2026, 2, 9, 10, tzinfo=UTC))
    stub = AttainmentServiceStub(rpc(staffed, as_=as_hq()))

    deliver(staffed, FeedDegraded(feed="bank", health="degraded", complete_until=until))
    said = stub.GetAttainment(pb.GetAttainmentRequest(month=MONTH)).provenance
    assert said.provisional
    assert said.note == "provisional, bank data until 2026-02-09 18:00"

    later = Timestamp()
    later.FromDatetime(datetime(2026, 2, 20, 10, tzinfo=UTC))
    deliver(staffed, FeedDegraded(feed="bank_direct", health="degraded", complete_until=later))
    assert stub.GetAttainment(pb.GetAttainmentRequest(month=MONTH)).provenance.note == said.note
    deliver(staffed, FeedRecovered(feed="bank"))
    said = stub.GetAttainment(pb.GetAttainmentRequest(month=MONTH)).provenance
    assert said.note == "provisional, bank data until 2026-02-20 18:00"
    deliver(staffed, FeedRecovered(feed="bank_direct"))
    assert not stub.GetAttainment(pb.GetAttainmentRequest(month=MONTH)).provenance.provisional


@pytest.mark.spec("T1.1")
def test_a_later_load_of_a_month_replaces_the_earlier(rpc: Rpc, staffed: Service) -> None:
    def load(load_id: str, units: int) -> PosSalesLoaded:
        line = PosSalesLine(category="显微镜", sku="M1", units=units, amount=Money(fen=units * 100))
        return PosSalesLoaded(load_id=load_id, region="EAST", month="2025-12", lines=[line])

    deliver(staffed, load("2", 20))
    deliver(staffed, load("1", 10))
    stub = AttainmentServiceStub(rpc(staffed, as_=as_rep()))
    shown = stub.ListSalesHistory(pb.ListSalesHistoryRequest())
    assert [(each.month, each.units, each.amount.fen) for each in shown.months] == [("2025-12", 20, 2000)]
    within = pb.ListSalesHistoryRequest(region="EAST", category="显微镜", from_month="2025-12", to_month="2025-12")
    assert len(stub.ListSalesHistory(within).months) == 1
    for outside in ({"region": "NORTH"}, {"category": "其他"}, {"from_month": "2026-01"}, {"to_month": "2025-11"}):
        assert not stub.ListSalesHistory(pb.ListSalesHistoryRequest(**outside)).months
