"""Sales history from the points of sale."""

from __future__ import annotations

import pytest

from chassis.errors import InvalidInput, NotFound
from chassis.files import FileStore
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import collection_service_pb2 as pb
from closeloop.integration.v1 import collection_service_pb2_grpc as pb_grpc
from integration.tables import pos_sale
from services.integration.tests.conftest import World

HEADING = "date,region,category,sku,units,amount\n"
GOOD = (
    "2026-02-27,华东大区,耗材,CON-1,10,450.00\n2026-02-28,华东大区,耗材,CON-1,1,45.50\n"
    "2026-03-01,华东大区,耗材,CON-1,2,90.00\n2026-02-27,华南大区,耗材,CON-2,3,135.00\n"
)


def load(world: World, rpc: Rpc, text: str | bytes, request_id: str = "1") -> pb.ImportPosSalesResponse:
    content = text.encode() if isinstance(text, str) else text
    stored = FileStore(world.service.runtime.settings.files_url).put([content], "sales.csv", 10**8)
    stub = pb_grpc.CollectionServiceStub(rpc(world.service, as_=as_hq("E00700", "ops")))
    return stub.ImportPosSales(pb.ImportPosSalesRequest(request_id=request_id, file_id=stored.id))


def told(world: World) -> dict[tuple[str, str], list[tuple[str, int, int]]]:
    """The last word on each region and month."""
    return {
        (each.message.region, each.message.month): [
            (line.sku, line.units, line.amount.fen) for line in each.message.lines
        ]
        for each in world.events("integration.pos_sales_loaded")
    }


@pytest.mark.spec("N1.1")
def test_sales_are_told_on_by_region_and_month(world: World, rpc: Rpc) -> None:
    answer = load(world, rpc, HEADING + GOOD)
    assert (answer.rows, answer.rejected, list(answer.errors)) == (4, 0, [])
    assert told(world) == {
        ("华东大区", "2026-02"): [("CON-1", 11, 49_550)],
        ("华东大区", "2026-03"): [("CON-1", 2, 9_000)],
        ("华南大区", "2026-02"): [("CON-2", 3, 13_500)],
    }


@pytest.mark.spec("N1.3")
def test_a_day_that_comes_later_is_added_to_its_month_and_a_day_again_replaces_itself(world: World, rpc: Rpc) -> None:
    load(world, rpc, HEADING + GOOD)
    load(
        world, rpc, HEADING + "2026-02-26,华东大区,耗材,CON-1,5,225.00\n2026-02-27,华东大区,耗材,CON-1,9,405.00\n", "2"
    )
    assert told(world)["华东大区", "2026-02"] == [("CON-1", 15, 67_550)]
    assert len(world.rows(pos_sale)) == 5


@pytest.mark.spec("N1.1")
def test_bad_rows_are_named_and_the_good_ones_kept(world: World, rpc: Rpc) -> None:
    bad = (
        "27.02.2026,华东大区,耗材,CON-1,1,1.00\n2026-02-27,,耗材,CON-1,1,1.00\n"
        "2026-02-27,华东大区,耗材,CON-1,-1,1.00\n2026-02-27,华东大区,耗材,CON-1,1,-1.00\n"
        "2026-02-27,华东大区,耗材,CON-1,1,1.005\n2026-02-30,华东大区,耗材,CON-1,1,1\n"
        "2026-02-27,华东大区,耗材,CON-1,１２,1.00\n2026-02-27,华东大区,耗材,CON-1,1,１.00\n"
    )
    answer = load(world, rpc, HEADING + GOOD + bad)
    assert (answer.rows, answer.rejected) == (12, 8)
    assert list(answer.errors) == [
        "row 6: date is not a day YYYY-MM-DD",
        "row 7: region is empty",
        "row 8: units is not a whole number from 0",
        "row 9: amount is not an amount from 0 with at most two decimals",
        "row 10: amount is not an amount from 0 with at most two decimals",
        "row 11: date is not a day YYYY-MM-DD",
        "row 12: units is not a whole number from 0",
        "row 13: amount is not an amount from 0 with at most two decimals",
    ]
    assert len(world.rows(pos_sale)) == 4


def test_the_same_request_loads_once(world: World, rpc: Rpc) -> None:
    first = load(world, rpc, HEADING + GOOD)
    second = load(world, rpc, HEADING + GOOD)
    assert first.load_id == second.load_id
    assert len(world.events("integration.pos_sales_loaded")) == 3


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"\xff\xfe\x00\x01", b"   ", HEADING.encode() + b"2026-02-27,\xb0\xa1,c,s,1,1\n"]
)
def test_what_is_no_sales_file_is_refused_whole(world: World, rpc: Rpc, content: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        load(world, rpc, content)
    assert refused.value.reason == "NOT_A_SALES_FILE"
    assert "polars" not in refused.value.text_en.lower()
    assert world.rows(pos_sale) == []


def test_a_file_nobody_uploaded_is_not_found(world: World, rpc: Rpc) -> None:
    stub = pb_grpc.CollectionServiceStub(rpc(world.service, as_=as_hq("E00700", "ops")))
    with pytest.raises(NotFound):
        stub.ImportPosSales(pb.ImportPosSalesRequest(request_id="1", file_id="a" * 64))
