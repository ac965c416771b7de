"""Receipt lines of the points of sale: streamed, kept once, corrected, gone on with after a crash.

CLOSELOOP_POS_LINES sets how many lines the large load has; 10000000 is what the product promises.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.files import FileStore
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import retail_service_pb2 as pb
from closeloop.integration.v1 import retail_service_pb2_grpc as pb_grpc
from integration.connectors._pos import PosSettings
from integration.connectors.pos_sales import PosSales
from integration.feeds.import_large_file import import_queued, queue_file
from integration.feeds.policy import FeedRule
from integration.feeds.replay_quarantine import follow_replay, replay_quarantine
from integration.jobs import App
from integration.pos.file_rules import Reading, SalesFile
from integration.pos.tell_months import tell_months
from integration.tables import feed_run, pos_line, pos_sale, quarantine
from services.integration.tests.conftest import QUICK, World
from services.integration.tests.shop import HEADING, Shop, line, many

LINES = int(os.environ.get("CLOSELOOP_POS_LINES", "200000"))
# What loading may add to the memory of the process, whatever the number of lines.
ROOM_MB = 64


@pytest.fixture
def shop(world: World) -> Shop:
    connector = PosSales(PosSettings(pos_url=world.erp.url))
    connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK | {"timeout_seconds": 20}))
    world.connectors["pos_sales"] = connector
    return Shop(world.erp).open()


def app(world: World) -> App:
    found: App = world.service.app
    return found


def told(world: World) -> dict[tuple[str, str], list[tuple[str, int, int]]]:
    """The last word on each region and month, after what waits was told."""
    tell_months(app(world).uow)
    return {
        (each.message.region, each.message.month): [
            (line.sku, line.units, line.amount.fen) for line in each.message.lines
        ]
        for each in world.events("integration.pos_sales_loaded")
    }


@pytest.mark.spec("N1.1")
def test_lines_are_counted_into_their_months_and_told_on(world: World, shop: Shop, rpc: Rpc) -> None:
    shop.put(
        1,
        line("R1", 1), line("R1", 2, sku="CON-2", units=1, amount="45.00"),
        line("R2", 1, sold_at="2026-02-28T15:59:59Z"), line("R3", 1, region="华南大区", units=-1, amount="-45.00"),
    )  # fmt: skip
    run = world.run("pos_sales")
    assert (run.outcome, run.records_in, run.records_new, run.rejected) == ("ok", 4, 4, 0)
    assert told(world) == {
        ("华东大区", "2026-02"): [("CON-1", 2, 9_000)],
        ("华东大区", "2026-03"): [("CON-1", 2, 9_000), ("CON-2", 1, 4_500)],
        ("华南大区", "2026-03"): [("CON-1", -1, -4_500)],
    }
    stub = pb_grpc.RetailServiceStub(rpc(world.service, as_=as_hq("E00700", "ops")))
    answer = stub.ListPosSales(pb.ListPosSalesRequest(month="2026-03", region="华东大区"))
    assert [(each.sku, each.units, each.amount.fen) for each in answer.sales] == [
        ("CON-1", 2, 9_000),
        ("CON-2", 1, 4_500),
    ]
    assert not answer.under_way
    assert world.feed("pos_sales").health == "healthy"


@pytest.mark.spec("N1.3")
def test_a_line_that_comes_again_counts_once_and_a_correction_moves_its_days(world: World, shop: Shop) -> None:
    shop.put(1, line("R1", 1), line("R1", 2))
    world.run("pos_sales")
    assert len(told(world)) == 1
    shop.put(2, line("R1", 1), line("R1", 2, version=2, sku="CON-9", units=1, amount="10.00"))
    run = world.run("pos_sales")
    assert (run.records_new, run.duplicates, run.corrected) == (0, 1, 1)
    assert told(world)["华东大区", "2026-03"] == [("CON-1", 2, 9_000), ("CON-9", 1, 1_000)]
    shop.put(3, line("R1", 2, version=1))
    assert world.run("pos_sales").duplicates == 1
    assert told(world)["华东大区", "2026-03"] == [("CON-1", 2, 9_000), ("CON-9", 1, 1_000)]


@pytest.mark.spec("N1.3")
def test_lines_count_before_a_sum_that_was_loaded_for_their_day(world: World, shop: Shop) -> None:
    common = {"region": "华东大区", "category": "耗材", "sku": "CON-1"}
    world.put(pos_sale, {"day": date(2026, 3, 9), "units": 100, "amount_fen": 1, **common},
              {"day": date(2026, 3, 8), "units": 7, "amount_fen": 700, **common})  # fmt: skip
    shop.put(1, line())
    world.run("pos_sales")
    assert told(world)["华东大区", "2026-03"] == [("CON-1", 9, 9_700)]


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("field", "value"),
    [("store", " "), ("line", "one"), ("version", "-1"), ("sold_at", "2026-03-09 10:00:00"), ("units", "1.5"),
     ("sold_at", "2027-03-09T10:00:00+08:00"), ("amount", "1.005"), ("sku", "x" * 61), ("region", "a\x00b"),
     ("line", "１"), ("version", "２"), ("units", "１２"), ("amount", "１.00")],
)  # fmt: skip
def test_a_bad_line_waits_and_the_others_are_kept(world: World, shop: Shop, field: str, value: str) -> None:
    shop.put(1, line("R1", 1), line("R1", 2, **{field: value}))
    run = world.run("pos_sales")
    assert (run.records_new, run.rejected) == (1, 1)
    assert (world.rows(quarantine)[0].field, world.rows(quarantine)[0].place) == (field, "00001.csv, row 2")
    assert len(world.rows(pos_line)) == 1


@pytest.mark.spec("N1.2")
def test_torn_lines_wait_whole(world: World, shop: Shop) -> None:
    shop.put(1, line("R1", 1), 'S001,R2,1,1,"open\n', "S001,R3\n", "\n", line("R4", 1, category='"a,b"'))
    run = world.run("pos_sales")
    assert (run.records_in, run.records_new, run.rejected) == (4, 2, 2)
    assert {row.field for row in world.rows(quarantine)} == {"row"}
    assert {row.category for row in world.rows(pos_line)} == {"耗材", "a,b"}


@pytest.mark.spec("N1.2")
def test_a_line_is_replayed_when_it_is_no_longer_in_the_future(world: World, shop: Shop) -> None:
    shop.put(1, line(sold_at="2026-03-20T10:00:00+08:00"))
    world.run("pos_sales")
    world.clock.set(world.clock.now().replace(day=21))
    with app(world).uow.begin(world.service.runtime.identity) as tx:
        done = replay_quarantine(tx, world.connectors["pos_sales"])
        tx.commit()
    with app(world).uow.begin(world.service.runtime.identity) as tx:
        follow_replay(tx, world.connectors["pos_sales"], app(world).rule_of)
        tx.commit()
    assert done.replayed == 1
    assert told(world)["华东大区", "2026-03"] == [("CON-1", 2, 9_000)]


@pytest.mark.spec("N1.2")
def test_a_file_of_another_form_fails_and_keeps_nothing(world: World, shop: Shop) -> None:
    shop.put(1, *(line(f"R{number}", 1, amount="viel") for number in range(1001)), line("good"))
    run = world.run("pos_sales")
    assert (run.outcome, run.error_class) == ("failed", "schema")
    assert world.rows(pos_line) == [] == world.rows(quarantine)
    shop.files[1] = b"a,b\n1,2\n"
    assert world.run("pos_sales").error_class == "schema"
    shop.files[1] = HEADING.encode() + b"x" * (70 * 1024 + (1 << 20))
    assert world.run("pos_sales").error_class == "parse"
    shop.files[1] = HEADING.encode() + line(sku="\u20ac").encode("utf-16")
    assert world.run("pos_sales").error_class == "parse"


@pytest.mark.spec("N1.1")
def test_gb18030_is_read_as_utf_8_is(world: World, shop: Shop) -> None:
    shop.put(1, line())
    shop.files[1] = shop.files[1].decode().replace("\n", "\r\n").encode("gb18030")
    assert world.run("pos_sales").records_new == 1
    assert world.rows(pos_line)[0].region == "华东大区"


@pytest.mark.spec("N2.2")
def test_a_missing_file_is_a_hole_until_it_comes(world: World, shop: Shop) -> None:
    shop.put(1, line("R1"))
    shop.put(3, line("R3"))
    assert world.run("pos_sales").records_new == 2
    assert world.feed("pos_sales").holes[0]["en"] == "file 2 is missing"
    assert world.run("pos_sales").records_in == 0
    shop.put(2, line("R2"))
    assert world.run("pos_sales").records_new == 1
    assert world.feed("pos_sales").holes == []


def test_a_file_that_is_not_the_one_announced_is_read_next_time(world: World, shop: Shop) -> None:
    shop.put(1, line("R1"), line("R2"))
    whole = shop.files[1]
    world.erp.routes["/sales/files/00001.csv"] = lambda _: whole[:-30]
    assert world.run("pos_sales").error_class == "parse"
    world.erp.routes["/sales/files/00001.csv"] = lambda _: whole
    assert world.run("pos_sales").records_new == 2


@pytest.mark.spec("N1.1")
def test_a_file_may_be_handed_in(world: World, shop: Shop) -> None:
    store = FileStore(world.service.runtime.settings.files_url)
    good = store.put([(HEADING + line("R1") + line("R2")).encode()], "sales.csv", 10**8).id
    bad = store.put([b"a,b\n"], "other.csv", 10**8).id
    with app(world).uow.begin(world.service.runtime.identity) as tx:
        for file_id in (good, bad):
            queue_file(tx, world.connectors["pos_sales"], file_id)
        tx.commit()
    import_queued(app(world).uow, app(world).connectors, app(world).rule_of, store)
    first, second = world.rows(feed_run)
    assert (first.outcome, first.records_new) == ("ok", 2)
    assert (second.outcome, second.error_class) == ("failed", "schema")
    assert "columns missing: store" in second.error
    assert told(world)["华东大区", "2026-03"] == [("CON-1", 4, 18_000)]


class Died(BaseException):
    """The worker, in the middle of a file."""


@pytest.mark.spec("N1.2")
def test_a_worker_that_dies_in_a_file_leaves_the_rest_of_it_to_the_next(world: World, shop: Shop) -> None:
    shop.put(1, *many(60_000))
    connector: Any = world.connectors["pos_sales"]
    take = connector.take
    blocks: list[int] = []

    def dying(tx: Any, page: Any, run_id: str) -> Any:
        if len(blocks) == 2:
            raise Died
        blocks.append(len(page.facts["block"].lines))
        return take(tx, page, run_id)

    connector.take = dying
    with pytest.raises(Died):
        world.run("pos_sales")
    connector.take = take
    assert len(world.rows(pos_line)) == sum(blocks) < 60_000
    assert told(world) == {}
    run = world.run("pos_sales")
    assert (run.records_new, run.duplicates) == (60_000 - sum(blocks), 0)
    assert sum(units for _, units, _ in told(world)["华东大区", "2026-02"]) == 60_000


LOAD = """
import sys
from services.integration.tests.load_pos_lines import load
before, after, seconds, counts = load(sys.argv[1], int(sys.argv[2]))
print(before, after, f"{seconds:.1f}", *counts)
"""


@pytest.mark.spec("N1.1")
@pytest.mark.timeout(3600)
def test_any_number_of_lines_is_loaded_in_bounded_memory(world: World, shop: Shop) -> None:
    """In a process of its own, whose memory nothing else moves; a tenth of the lines come twice."""
    url = world.service.runtime.database.url
    done = subprocess.run([sys.executable, "-c", LOAD, url, str(LINES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after, _, records, new, duplicates = done.stdout.split()
    assert (int(records), int(new), int(duplicates)) == (LINES + LINES // 10, LINES, LINES // 10)
    assert int(after) - int(before) < ROOM_MB, f"{LINES} lines took {int(after) - int(before)} MB"
    assert sum(row.line_units for row in world.rows(pos_sale)) == LINES


FILES = st.lists(st.integers(1, 8), unique=True, max_size=8)


@pytest.mark.spec("N2.2")
@given(st.lists(FILES, max_size=5))
def test_each_file_is_read_once_and_what_is_lower_and_unseen_is_missing(shown: list[list[int]]) -> None:
    """Whatever the source shows from run to run."""
    reading, read, listed = Reading(), list[int](), set[int]()
    for more in shown:
        listed |= set(more)
        seen = [SalesFile(each, f"{each}.csv", "") for each in sorted(listed) if each > reading.ask_after]
        for file in reading.due(seen):
            read.append(file.number)
            reading = Reading.of(str(reading.behind(file)))
    first = min(read[:1], default=0)
    assert len(read) == len(set(read))
    assert set(reading.missing) == {each for each in range(first, reading.done) if each and each not in read}
    assert {each for each in listed if each > first} <= set(read) | set(reading.missing)
