"""The ERP's records handed in as CSV: the same path, whatever the encoding, the headers and the size."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FailedPrecondition, NotFound
from chassis.files import FileStore
from chassis.kernel.calendar import SHANGHAI
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_file_service_pb2 as pb
from closeloop.integration.v1 import feed_file_service_pb2_grpc as pb_grpc
from integration.erp.csv_rules import layout_of, record_of
from integration.erp.policy import ErpFilesPolicy, check
from integration.feeds.import_large_file import import_queued
from integration.feeds.replay_quarantine import replay_quarantine
from integration.feeds.rules import content_hash
from integration.feeds.source import LARGEST_FILE
from integration.invoices.rules import InvoiceRecord
from integration.jobs import App
from integration.tables import erp_delivery, erp_invoice, erp_order, feed_run, product, quarantine, receivable
from services.integration.tests.conftest import World
from services.integration.tests.erp_samples import as_finance
from services.integration.tests.world import order

DELIVERIES = """发货单号,订单号,合同编号,客户编号,客户名称,发货日期,发货金额,状态,版本号
D-1,SO-1,HT-2026-001,C0001,杭州第一医院,2026/3/8,"52,000.00",已发货,1
D-2,SO-2,,C0002,宁波二院,2026年3月9日,¥800.5,已取消,1
"""
ORDERS = """销售订单号,合同号,客户编号,客户名称,业务员工号,订单金额,签订时间,状态,技术服务,产品编码,数量,行金额,版本
SO-1,HT-1,C0001,一院,E00001,52000.00,2026-03-10 09:30,执行中,否,IMG-1,2,50000.00,1
SO-1,HT-1,C0001,一院,E00001,52000.00,2026-03-10 09:30,执行中,否,CAB-1,4,2000.00,1
SO-2,,C0002,二院,E00002,100.00,2026-03-10,已取消,是,,,,3
"""


def hand_in(world: World, rpc: Rpc, feed: str, content: bytes, request_id: str = "1") -> Any:
    """The run, after the job that keeps files."""
    app: App = world.service.app
    file_id = app.files.put(BytesIO(content), "export.csv", LARGEST_FILE).id
    door = pb_grpc.FeedFileServiceStub(rpc(world.service, as_=as_finance()))
    asked = pb.ImportFeedFileRequest(request_id=request_id, feed=feed, file_id=file_id)
    told = door.ImportFeedFile(asked).run
    assert (told.outcome, told.feed) == ("running", feed)
    import_queued(app.uow, app.connectors, app.rule_of, app.files)
    return world.row(feed_run, id=told.run_id)


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_an_export_is_kept_whatever_its_encoding(world: World, rpc: Rpc, encoding: str) -> None:
    run = hand_in(world, rpc, "erp_deliveries", DELIVERIES.encode(encoding))
    assert (run.outcome, run.records_in, run.records_new, run.rejected) == ("ok", 2, 2, 0)
    kept = [(row.customer_name, row.delivered_on, row.amount_fen, row.state) for row in world.rows(erp_delivery)]
    assert kept == [
        ("杭州第一医院", date(2026, 3, 8), 5_200_000, "delivered"), ("宁波二院", date(2026, 3, 9), 0, "cancelled"),
    ]  # fmt: skip
    assert [each.key for each in world.events("integration.delivered")] == ["D-1", "D-2"]
    again = hand_in(world, rpc, "erp_deliveries", DELIVERIES.encode(encoding), "2")
    assert (again.records_new, again.duplicates) == (0, 2)


@pytest.mark.spec("N1.1")
def test_rows_of_one_order_are_its_lines(world: World, rpc: Rpc) -> None:
    run = hand_in(world, rpc, "erp_orders", ORDERS.encode("gb18030"))
    assert (run.outcome, run.records_in, run.records_new) == ("ok", 2, 2)
    first, second = world.rows(erp_order)
    assert [(each["product_code"], each["quantity"], each["fen"]) for each in first.lines] == [
        ("IMG-1", "2", 5_000_000), ("CAB-1", "4", 200_000),
    ]  # fmt: skip
    assert (first.signed_at.isoformat(), first.state, first.technical_service) == (
        "2026-03-10T01:30:00+00:00", "active", False,
    )  # fmt: skip
    assert (second.lines, second.state, second.technical_service) == ([], "cancelled", True)
    assert second.signed_at.isoformat() == "2026-03-09T16:00:00+00:00"


HEAD = "OrderId,CustomerCode,TotalAmount,SignedAt,Status,Version,Lines.ProductCode,Lines.Quantity,Lines.Amount\n"


def line_of(order_id: str, product: str = "IMG-1", version: int = 1) -> str:
    return f"{order_id},C1,9,2026-03-10,ACTIVE,{version},{product},1,1.00\n"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        (
            [line_of("A"), "A,C1\n", line_of("A", "CAB-1"), line_of("B")],
            {"row 1": "row 2 of order A lacks cells", "row 2": "the row lacks cells",
             "row 3": "row 2 of order A lacks cells"},
        ),
        (
            [line_of("A"), line_of("B"), line_of("A", "CAB-1"), line_of("A", "CAB-2")],
            dict.fromkeys(
                ("row 1", "row 3"), "order A begins in row 1 and again in row 3: its rows must follow each other"
            ),
        ),
        (
            [line_of("A"), line_of("", "CAB-1"), line_of("", "CAB-2"), line_of("B")],
            {"row 1": "row 2 names no order and may be a line of order A", "row 2": "OrderId is missing",
             "row 3": "OrderId is missing"},
        ),
        (
            [line_of("A"), line_of("A", version=2), line_of("B")],
            {"row 1": "row 2 has another version than order A before it"},
        ),
        ([line_of("A")] * 1001 + [line_of("B")], {"row 1": "order A has more than 1000 lines"}),
    ],
    ids=["a row lacks cells", "it comes again", "no number", "two versions", "endless"],
)  # fmt: skip
def test_an_order_that_may_lack_lines_is_not_taken(
    world: World, rpc: Rpc, rows: list[str], reasons: dict[str, str]
) -> None:
    hand_in(world, rpc, "erp_orders", (HEAD + "".join(rows)).encode())
    assert [row.order_id for row in world.rows(erp_order)] == ["B"]
    assert {row.place.split(", ")[1]: row.reason for row in world.rows(quarantine)} == reasons
    hand_in(world, rpc, "erp_orders", (HEAD + line_of("A") + line_of("A", "CAB-1")).encode(), "2")
    assert [len(row.lines) for row in world.rows(erp_order, order_id="A")] == [2]
    assert {row.state for row in world.rows(quarantine, record_key="A")} == {"superseded"}


@pytest.mark.spec("N1.2")
def test_an_order_that_comes_again_is_refused_though_its_first_rows_fill_a_page(world: World, rpc: Rpc) -> None:
    orders = [line_of(f"SO-{number}") for number in range(1200)]
    run = hand_in(world, rpc, "erp_orders", (HEAD + "".join([*orders, orders[0]])).encode())
    assert (run.records_new, run.rejected) == (1199, 2)
    assert world.rows(erp_order, order_id="SO-0") == []


@pytest.mark.spec("N1.1")
def test_a_thousand_lines_are_one_order(world: World, rpc: Rpc) -> None:
    hand_in(world, rpc, "erp_orders", (HEAD + line_of("A") * 1000).encode())
    assert [len(row.lines) for row in world.rows(erp_order)] == [1000]


@pytest.mark.spec("N1.3")
def test_an_order_is_the_same_however_it_comes_and_is_spelt(world: World, rpc: Rpc) -> None:
    hand_in(world, rpc, "erp_orders", ORDERS.encode())
    lines = [
        {"ProductCode": "IMG-1", "Quantity": "2.000", "Amount": "50000"},
        {"ProductCode": "CAB-1", "Quantity": 4, "Amount": "2000.0"},
    ]
    told = order(
        "SO-1",
        ContractNo="HT-1",
        CustomerName="一院",
        TotalAmount="52000",
        SignedAt="2026-03-10T01:30:00Z",
        Lines=lines,
    )
    run = world.sell(told)
    assert (run.duplicates, run.corrected) == (1, 0)
    assert world.sell(told | {"SignedAt": "2026-03-10T01:31:00Z"}).corrected == 1
    assert world.sell(told | {"SignedAt": "2026-03-10T01:31:00Z", "TotalAmount": "5200"}).corrected == 1


@pytest.mark.spec("N1.3")
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_a_number_is_the_same_whatever_zeros_it_is_written_with(number: Decimal) -> None:
    moment = datetime(1, 1, 1, 0, 30, tzinfo=SHANGHAI)
    longer = Decimal(f"{number:f}0")
    assert content_hash([number, moment]) == content_hash([longer, moment])
    assert content_hash([number]) != content_hash([number + Decimal("0.000001")])


@pytest.mark.spec("N1.1")
def test_every_kind_of_record_has_its_columns(world: World, rpc: Rpc) -> None:
    files = {
        "erp_receivables": "应收单号,合同号,客户编码,金额,到期日,付款单位,版本\nAR-1,HT-1,C1,9,20260315,财政局；学校,1",
        "erp_products": "产品编码,产品名称,目录价,注册证有效期至,在售,版本\nIMG-1,影像,1.00,2026-06-30,是,1",
        "erp_invoices": "发票单号,客户编码,合同号,开票日期,价税合计,发票类型,版本\nF-1,C1,HT-1,2026-03-09,7.00,红字,1",
        "erp_schedules": "排产单号,订单号,数量,完工日期,状态,版本\nP-1,SO-1,2,2026-04-01,已开工,1",
        "erp_stock": "库存记录号,产品编码,仓库,库存数量,盘点时间,版本\nS-1,IMG-1,杭州仓,3.5,2026-03-10 08:00:00,1",
        "erp_service_calls": "服务单号,客户编码,问题描述,报修时间,状态,版本\nW-1,C1,黑屏,2026/3/10 9:05,处理中,1",
    }  # fmt: skip
    for number, (feed, content) in enumerate(files.items()):
        run = hand_in(world, rpc, feed, f"{content}\n".encode(), str(number))
        assert (feed, run.outcome, run.records_new) == (feed, "ok", 1)
    assert world.rows(receivable)[0].due_on == date(2026, 3, 15)
    assert (world.rows(product)[0].active, world.rows(erp_invoice)[0].amount_fen) == (True, -700)


@pytest.mark.spec("N1.1", "N1.2")
def test_a_company_s_own_headers_are_a_matter_of_policy(world: World, rpc: Rpc) -> None:
    odd = "单据,日,客户编码,发货金额,版本\nD-1,2026-03-08,C1,5.00,1\n"
    run = hand_in(world, rpc, "erp_deliveries", odd.encode())
    assert (run.outcome, run.error) == ("failed", "no column for DeliveryId, DeliveredOn")
    [kept] = world.rows(quarantine)
    assert (kept.origin, kept.reason_zh, kept.raw) == ("file", "缺少列：DeliveryId, DeliveredOn", odd)
    policy = ErpFilesPolicy()
    policy.columns["erp_deliveries"] |= {"单据": "DeliveryId", "日": "DeliveredOn"}
    world.connectors["erp_deliveries"]._policy = lambda name: policy  # type: ignore[attr-defined]
    with world.service.uow.begin(as_finance()) as tx:
        replayed = replay_quarantine(tx, world.connectors["erp_deliveries"])
        tx.commit()
    assert (replayed.replayed, len(world.rows(erp_delivery))) == (1, 1)


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (DELIVERIES.rstrip("\n")[:-4].encode(), "the last line has no end: the file may be cut off"),
        (DELIVERIES.encode("gb18030")[:-20] + b"\xff\xff\n", "the file is neither UTF-8 nor GB18030"),
        (b"\n", "no column for "),
        (DELIVERIES.encode() + b'D-3,"' + b"x" * 200_000 + b"\n", "a line is too long for a CSV"),
    ],
    ids=["cut", "encoding", "empty", "endless line"],
)
def test_a_file_that_is_not_whole_says_why(world: World, rpc: Rpc, content: bytes, error: str) -> None:
    run = hand_in(world, rpc, "erp_deliveries", content)
    assert run.rejected == 1
    assert error in world.rows(quarantine)[0].reason


@pytest.mark.spec("N1.2")
def test_a_bad_row_waits_alone(world: World, rpc: Rpc) -> None:
    short = DELIVERIES + "D-3,SO-3\nD-4,SO-4,HT,C4,四院,2026-02-30,1.00,已发货,1\n"
    run = hand_in(world, rpc, "erp_deliveries", short.encode())
    assert (run.outcome, run.records_new, run.rejected) == ("ok", 2, 2)
    waiting = {row.place.split(", ")[1]: (row.reason, row.field, row.record_key) for row in world.rows(quarantine)}
    assert waiting == {
        "row 3": ("the row lacks cells", "", ""),
        "row 4": ("DeliveredOn can't be read as agreed", "DeliveredOn", "D-4"),
    }
    hand_in(world, rpc, "erp_deliveries", short.replace("02-30", "02-28").encode(), "2")
    assert [row.state for row in world.rows(quarantine) if row.record_key == "D-4"] == ["superseded"]


@pytest.mark.spec("N1.1")
def test_a_large_export_is_kept_in_parts(world: World, rpc: Rpc) -> None:
    row = "D-{0},SO-{0},,C0001,一院,2026-03-08,{0}.00,已发货,1\n"
    head = DELIVERIES.splitlines(keepends=True)[0]
    run = hand_in(world, rpc, "erp_deliveries", (head + "".join(map(row.format, range(1, 1201)))).encode())
    assert (run.records_in, run.records_new) == (1200, 1200)
    kept = world.rows(erp_delivery)
    assert sum(each.amount_fen for each in kept) == 1200 * 1201 // 2 * 100


@pytest.mark.spec("N1.1")
def test_who_hands_in_what(world: World, rpc: Rpc) -> None:
    door = pb_grpc.FeedFileServiceStub(rpc(world.service, as_=as_hq("E00700", "ops")))
    files: FileStore = world.service.app.files
    kept = files.put(BytesIO(b"x\n"), "x.csv", 10).id

    def ask(feed: str, file_id: str) -> None:
        door.ImportFeedFile(pb.ImportFeedFileRequest(request_id=feed + file_id, feed=feed, file_id=file_id))

    with pytest.raises(NotFound) as unknown:
        ask("erp_ghosts", kept)
    assert unknown.value.reason == "UNKNOWN_FEED"
    with pytest.raises(FailedPrecondition) as none:
        ask("hr", kept)
    assert none.value.reason == "FEED_TAKES_NO_FILES"
    with pytest.raises(NotFound) as no_file:
        ask("erp_orders", "0" * 64)
    assert no_file.value.reason == "NO_SUCH_FILE"


def test_a_policy_without_names_is_refused() -> None:
    assert check(ErpFilesPolicy()) == []
    assert [each.field for each in check(ErpFilesPolicy(columns={"erp_stock": {"仓库": " "}}))] == ["columns.erp_stock"]


@pytest.mark.spec("N1.1")
@given(st.decimals(min_value="-99999999", max_value="99999999", places=2), st.dates(date(2000, 1, 1), date(2099, 1, 1)))
def test_a_cell_is_read_as_it_was_meant(amount: Decimal, day: date) -> None:
    policy = ErpFilesPolicy()
    header = ["发票单号", "客户编码", "价税合计", "开票日期", "版本", "备注"]
    layout = layout_of(header, InvoiceRecord, "invoice_id", policy.columns["erp_invoices"])
    written = f"{day.year}年{day.month}月{day.day}日"
    told = record_of(["F-1", "C1", f"{amount:,}", written, "1", "x"], layout, policy)
    record = InvoiceRecord.model_validate(told)
    assert (record.amount, record.issued_on) == (amount, day)
