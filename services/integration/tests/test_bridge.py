"""Bridges at the door: figures are those that reports show, each class opens its rows, bad input is refused (N7.2)."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import InvalidInput, NotFound, PermissionDenied
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import bridge_service_pb2 as pb
from closeloop.integration.v1 import bridge_service_pb2_grpc as pb_grpc
from closeloop.integration.v1 import collection_service_pb2 as collections_pb
from closeloop.integration.v1 import collection_service_pb2_grpc as collections_grpc
from services.integration.tests.back_entry_desk import Desk
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, instant, receivable, statement

FINANCE = as_hq("E00800", "finance")
MARCH = {"first_on": "2026-03-01", "last_on": "2026-03-31"}
BANK, COLLECTED, BY_DUE = (pb.FIGURE_BANK_CREDITS, pb.FIGURE_COLLECTED, pb.FIGURE_COLLECTED_BY_DUE)
PAID = [
    Line("0001", "52000.00"),
    Line("0002", "300.00", payer="陌生人"),
    Line("0003", "8000.00", payer="南京第二医院", remark="HT-2026-009"),
]


@pytest.fixture
def world_(staffed: World) -> World:
    """Claimed and due in March, claimed and due in April, and nobody's."""
    staffed.clock.set(instant("2026-03-10T18:00:00+08:00"))
    staffed.owe(
        receivable("AR-1"),
        receivable("AR-9", ContractNo="HT-2026-009", CustomerCode="C0009", DueOn="2026-04-02", Amount="8000.00"),
    )
    staffed.vault.balance, staffed.vault.as_of = "60300.00", "2026-03-10T10:00:00Z"
    staffed.vault.statements = {1: statement(1, PAID)}
    assert staffed.run("bank").outcome == "ok"
    return staffed


def bridges(world: World, rpc: Rpc, who: Any = FINANCE) -> pb_grpc.BridgeServiceStub:
    return pb_grpc.BridgeServiceStub(rpc(world.service, as_=who))


def asked(a: int, b: int, **outside: str) -> dict[str, Any]:
    return {"period": MARCH, "a": {"figure": a, **outside}, "b": {"figure": b}}


def compare(world: World, rpc: Rpc, a: int, b: int, **outside: str) -> pb.CompareFiguresResponse:
    return bridges(world, rpc).CompareFigures(pb.CompareFiguresRequest(**asked(a, b, **outside)))


def classes(told: pb.CompareFiguresResponse) -> dict[str, tuple[int, int]]:
    """Fen and rows of each class that has any."""
    names = {getattr(each, "class"): each for each in told.classes}
    return {
        pb.BridgeClass.Name(number).removeprefix("BRIDGE_CLASS_"): (each.difference.fen, each.rows)
        for number, each in names.items()
        if each.rows
    }


@pytest.mark.spec("N7.2")
def test_two_figures_are_bridged_and_each_class_opens_its_rows(world_: World, rpc: Rpc) -> None:
    told = compare(world_, rpc, BANK, BY_DUE)
    assert (told.a.total.fen, told.b.total.fen, told.difference.fen) == (6_030_000, 5_200_000, 830_000)
    assert classes(told) == {"UNCLAIMED": (30_000, 1), "TIMING": (800_000, 1)}
    assert (told.residual.fen, told.agreed, len(told.classes)) == (0, 1, 5)
    assert told.a.definition.startswith("bank_credits.v1: money in")
    request = pb.ListBridgeRowsRequest(**asked(BANK, BY_DUE), **{"class": pb.BRIDGE_CLASS_TIMING})
    [row] = bridges(world_, rpc).ListBridgeRows(request).rows
    assert (row.serial, row.due_on, row.contract_number, row.difference.fen) == (
        "0003", "2026-04-02", "HT-2026-009", 800_000,
    )  # fmt: skip
    every: list[str] = []
    token = ""
    while True:
        page = {"size": 1, "token": token}
        answer = bridges(world_, rpc).ListBridgeRows(pb.ListBridgeRowsRequest(**asked(BANK, BY_DUE), page=page))
        every += [each.serial for each in answer.rows]
        token = answer.page.next_token
        if not token:
            break
    assert every == ["0002", "0003"]


@pytest.mark.spec("N7.2", "N4.1")
def test_collected_is_the_figure_that_the_report_shows(world_: World, rpc: Rpc) -> None:
    stub = collections_grpc.CollectionServiceStub(rpc(world_.service, as_=FINANCE))
    summary = stub.GetCollectionSummary(collections_pb.GetCollectionSummaryRequest(month="2026-03"))
    told = compare(world_, rpc, BANK, COLLECTED)
    assert (told.a.total.fen, told.b.total.fen) == (summary.arrived.fen, summary.claimed.fen)
    assert told.b.definition == summary.provenance.definition
    assert compare(world_, rpc, COLLECTED, COLLECTED).difference.fen == 0


@pytest.mark.spec("N7.2")
def test_a_figure_may_be_asked_for_as_it_was_known(world_: World, rpc: Rpc) -> None:
    before = Timestamp()
    before.FromJsonString("2026-03-10T09:59:59Z")
    told = bridges(world_, rpc).CompareFigures(
        pb.CompareFiguresRequest(
            period=MARCH, a=pb.BridgeSide(figure=BANK), b=pb.BridgeSide(figure=BY_DUE, as_of=before)
        )
    )
    assert (told.b.total.fen, classes(told)) == (0, {"UNSYNCHRONISED": (6_030_000, 3)})


@pytest.mark.spec("N7.2", "N6.1")
def test_what_only_a_voucher_vouches_for_is_manual(world_: World, rpc: Rpc) -> None:
    desk = Desk(world_, rpc)
    desk.posted(bank_serial="0077", amount={"fen": 1_234, "currency": "CNY"}, payer_name="无名")
    assert classes(compare(world_, rpc, BANK, COLLECTED)) == {"MANUAL": (1_234, 1), "UNCLAIMED": (30_000, 1)}


def enter(world: World, rpc: Rpc, csv: str = "", encoding: str = "utf-8", **told: Any) -> pb.OutsideFigure:
    stored = Desk(world, rpc).scan(csv.encode(encoding), "rows.csv") if csv else ""
    request = pb.EnterOutsideFigureRequest(request_id=str(told), name="BI 看板", period=MARCH, file_id=stored, **told)
    return bridges(world, rpc).EnterOutsideFigure(request).figure


@pytest.mark.spec("N7.2")
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_pasted_figure_is_explained_row_by_row(world_: World, rpc: Rpc, encoding: str) -> None:
    sheet = '日期,流水号,金额,付款人\r\n2026/03/10,0001,"52,000.00",财政局\r\n2026-03-10,,300.00,陌生人\r\n'
    sheet += "2026-03-09,77,9.99,=甲\r\n"
    figure = enter(world_, rpc, sheet, encoding, total={"fen": 5_231_000, "currency": "CNY"}, source="BI 看板 2 月")
    assert (figure.rows, figure.total.fen) == (3, 5_231_000)
    told = compare(world_, rpc, pb.FIGURE_OUTSIDE, COLLECTED, outside_figure_id=figure.figure_id)
    # 0003 is not on the sheet; 9.99 no bank row backs, the bank had told all of the 9th; 0.01 is in the total alone.
    assert classes(told) == {"UNSYNCHRONISED": (-800_000, 1), "MANUAL": (1_000, 2), "UNCLAIMED": (30_000, 1)}
    assert (told.difference.fen, told.residual.fen) == (5_231_000 - 6_000_000, 0)
    same = {"period": MARCH, "a": {"figure": pb.FIGURE_OUTSIDE, "outside_figure_id": figure.figure_id}}
    export = bridges(world_, rpc).ExportBridge(pb.ExportBridgeRequest(**same, b={"figure": COLLECTED}))
    assert export.filename == "bridge-2026-03-01-2026-03-31.csv"
    assert "manual,2026-03-09,77,'=甲," in export.csv
    assert "BI 看板: a total that no row backs" in export.csv


@pytest.mark.spec("N7.2")
def test_a_total_without_rows_is_enough(world_: World, rpc: Rpc) -> None:
    figure = enter(world_, rpc, total={"fen": 6_100_000, "currency": "CNY"})
    told = compare(world_, rpc, pb.FIGURE_OUTSIDE, COLLECTED, outside_figure_id=figure.figure_id)
    assert classes(told) == {"MANUAL": (70_000, 1), "UNCLAIMED": (30_000, 1)}


@pytest.mark.spec("N7.2", "P1.5")
@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("日期,金额\n2026-03-10,1.001\n", "row 2"),
        ("日期,金额\n2026-13-10,1.00\n", "row 2: 2026-13-10 is no day"),
        ("日期,金额\n2026-03-10,NaN\n", "row 2"),
        ("日期,付款人\n2026-03-10,甲\n", "no column fen"),
        ("\n", "no column"),
    ],
)
def test_a_bad_sheet_is_refused_with_its_row(world_: World, rpc: Rpc, sheet: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        enter(world_, rpc, sheet)
    assert refused.value.reason == "NOT_A_LIST_OF_ROWS"
    assert said in refused.value.violations[0].en


@pytest.mark.spec("N7.2", "P1.5")
def test_what_can_t_be_compared_is_refused(world_: World, rpc: Rpc) -> None:
    figure = enter(world_, rpc, total={"fen": 1, "currency": "CNY"})
    april = {"first_on": "2026-04-01", "last_on": "2026-04-30"}
    stub = bridges(world_, rpc)

    def refused(**changes: Any) -> str:
        with pytest.raises((InvalidInput, NotFound)) as error:
            stub.CompareFigures(pb.CompareFiguresRequest(**(asked(BANK, BY_DUE) | changes)))
        return error.value.reason

    outside = {"figure": pb.FIGURE_OUTSIDE, "outside_figure_id": figure.figure_id}
    assert refused(period=april, a=outside) == "OTHER_PERIOD"
    assert refused(a={"figure": pb.FIGURE_OUTSIDE}) == "INVALID_INPUT"
    assert (
        refused(a=outside | {"outside_figure_id": "00000000-0000-7000-8000-000000000000"}) == "OUTSIDE_FIGURE_NOT_FOUND"
    )
    assert refused(a=outside | {"outside_figure_id": "'; DROP TABLE"}) == "INVALID_INPUT"
    assert refused(a={"figure": 0}) == "INVALID_INPUT"
    assert refused(period={"first_on": "2026-03-31", "last_on": "2026-03-01"}) == "INVALID_INPUT"
    assert refused(period={"first_on": "2024-03-31", "last_on": "2026-03-01"}) == "INVALID_INPUT"
    with pytest.raises(InvalidInput):
        enter(world_, rpc)
    with pytest.raises(PermissionDenied):
        bridges(world_, rpc, as_rep()).CompareFigures(pb.CompareFiguresRequest(**asked(BANK, BY_DUE)))
