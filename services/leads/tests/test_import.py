"""A CSV file of leads, from the upload to the owners."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.errors import FailedPrecondition, InvalidInput, NotFound
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_manager
from closeloop.common.v1.page_pb2 import PageRequest
from closeloop.leads.v1 import capture_service_pb2 as pb
from leads.assignment.drain_waiting import drain_waiting
from leads.imports.row_rules import arrival_of, columns_of
from leads.imports.run_import import run_imports
from leads.policies import CAPTURE

from .company import Company
from .waiting import publish

HEADINGS = ["公司名称", "联系人", "手机号", "统一社会信用代码", "城市", "等级", "渠道"]


def table(rows: list[list[str]], encoding: str = "gb18030", headings: list[str] | None = None) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([headings or HEADINGS, *rows])
    return text.getvalue().encode(encoding)


def line(number: int, **changes: str) -> list[str]:
    row = {
        "name": f"杭州第{number}科技有限公司",
        "contact": "王芳",
        "phone": f"138{number:08d}",
        "uscc": "",
        "city": "杭州市",
        "grade": "",
        "channel": "抖音",
    }
    return list((row | changes).values())


def start(company: Company, content: bytes, **changes: Any) -> str:
    values = {"request_id": new_id(), "file_id": company.put_file(content), "channel": "import"} | changes
    answer = company.capture_service().StartImport(pb.StartImportRequest(**values))
    return str(getattr(answer, "import").import_id)


def state(company: Company, import_id: str) -> pb.Import:
    answer = company.capture_service().GetImport(pb.GetImportRequest(import_id=import_id))
    found: pb.Import = getattr(answer, "import")
    return found


def run(company: Company, content: bytes, **changes: Any) -> pb.Import:
    """The file goes in, then the queue is served."""
    import_id = start(company, content, **changes)
    run_imports(company.app.importer)
    drain_waiting(company.app.assigner)
    return state(company, import_id)


def errors(company: Company, import_id: str) -> list[tuple[int, str, str]]:
    answer = company.capture_service().ListImportErrors(pb.ListImportErrorsRequest(import_id=import_id))
    return [(each.row, each.field, each.value) for each in answer.errors]


@pytest.mark.spec("LD1.1", "LD13.1", "LD1.3")
def test_a_gb18030_file_goes_in_with_bad_rows_named_and_duplicates_appended(company: Company) -> None:
    company.hire("E1", "E2")
    rows = [line(n) for n in range(1, 11)]
    rows[2] = line(3, phone="12345")
    rows[4] = line(5, grade="S")
    rows[6] = line(7, uscc="91110000600037341A", name="")
    rows[8] = line(9, phone="13800000001")  # the first row again
    done = run(company, table(rows))
    assert (done.state, done.encoding) == (pb.IMPORT_STATE_DONE, "gb18030")
    assert (done.rows_read, done.created, done.appended, done.failed) == (10, 6, 1, 3)
    assert errors(company, done.import_id) == [
        (3, "phone", "12345"),
        (5, "grade", "S"),
        (7, "company_name", ""),
        (7, "uscc", "91110000600037341A"),
    ]
    answer = company.capture_service().ListImportErrors(pb.ListImportErrorsRequest(import_id=done.import_id))
    assert answer.errors[0].message_zh == "“12345”不是有效的电话号码。"
    with company.service.runtime.database.connect() as conn:
        states = conn.execute(text("SELECT state, channel, city, count(*) FROM lead GROUP BY 1, 2, 3")).all()
    assert [tuple(row) for row in states] == [("assigned", "douyin", "杭州", 6)]
    progress = [each.message.state for each in company.events("leads.import_progressed")]
    assert progress == ["running", "done"]


@pytest.mark.spec("LD1.1", "LD2.1")
def test_qualification_columns_grade_the_leads_and_a_leads_come_first(company: Company) -> None:
    company.hire("E1")
    headings = ["公司", "电话", "首触时限（小时）", "预算（元）", "预算已确认", "决策链", "纬度", "经度", "坐标系"]
    rows = [
        ["甲公司", "13800000001", "", "", "", "", "", "", ""],
        ["乙公司", "13800000002", "24", "50万", "是", "总经理；采购", "30.25", "120.17", "GCJ02"],
        ["丙公司", "13800000003", "100", "1,200.50", "否", "", "", "", ""],
    ]
    run(company, table(rows, "utf-8-sig", headings))
    with company.service.runtime.database.connect() as conn:
        found = conn.execute(
            text(
                "SELECT company_name, lead.grade, budget_fen, original_datum FROM lead JOIN assignment USING (lead_id)"
                " ORDER BY assignment.assignment_id"
            )
        ).all()
    assert [tuple(row) for row in found] == [
        ("乙公司", "A", 50_000_000, "gcj02"),
        ("丙公司", "B", 120_050, ""),
        ("甲公司", "", None, ""),
    ]


@pytest.mark.spec("LD13.1")
@pytest.mark.parametrize(
    ("encoding", "named"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030")]
)
def test_three_encodings_are_read(company: Company, encoding: str, named: str) -> None:
    done = run(company, table([line(1)], encoding))
    assert (done.encoding, done.created) == (named, 1)


@pytest.mark.spec("LD13.1")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (table([line(1)], "utf-16"), "UTF-8"),
        (b"\xff\xfe\x00\x81" * 10, "UTF-8"),
        (table([line(1)], headings=["名字", "联系人", "手机号", "x", "城市", "等级", "渠道"]), "公司名称"),
        (b"\n", "公司名称"),
    ],
)
def test_a_file_that_cannot_be_read_fails_as_a_whole_with_the_reason(
    company: Company, content: bytes, told: str
) -> None:
    done = run(company, content)
    assert done.state == pb.IMPORT_STATE_FAILED
    assert told in done.error
    assert (done.rows_read, done.created) == (0, 0)
    assert company.events("leads.import_progressed")[-1].message.state == "failed"


@pytest.mark.spec("LD13.1")
def test_an_open_quotation_mark_ends_the_import_where_it_stands_and_keeps_what_came_before(company: Company) -> None:
    company.hire("E1")
    broken = table([line(1), line(2)]) + ('"' + "坏" * 140_000 + '",x\r\n').encode("gb18030")
    done = run(company, broken)
    assert (done.state, done.created) == (pb.IMPORT_STATE_FAILED, 2)
    assert "3" in done.error


@pytest.mark.spec("P1.7")
def test_a_cancelled_import_keeps_what_is_in_and_stops(company: Company) -> None:
    import_id = start(company, table([line(1)]))
    cancel = pb.CancelImportRequest(request_id=new_id(), import_id=import_id)
    company.capture_service().CancelImport(cancel)
    run_imports(company.app.importer)
    assert state(company, import_id).state == pb.IMPORT_STATE_CANCELLED
    with pytest.raises(FailedPrecondition) as refused:
        company.capture_service().CancelImport(pb.CancelImportRequest(request_id=new_id(), import_id=import_id))
    assert refused.value.reason == "IMPORT_IS_OVER"


@pytest.mark.spec("LD1.1", "LD13.1")
def test_a_mapping_names_columns_that_nobody_would_recognise(company: Company) -> None:
    company.hire("E1")
    content = table([["甲公司", "13800000001"]], headings=["单位", "号码"])
    done = run(company, content, mapping={"单位": "company_name", "号码": "phone"})
    assert done.created == 1
    with pytest.raises(InvalidInput) as refused:
        start(company, content, mapping={"单位": "firm"})
    assert refused.value.violations[0].field == "mapping.单位"
    with pytest.raises(NotFound):
        start(company, b"x", file_id="0" * 64)


@pytest.mark.spec("P1.4")
def test_an_import_is_seen_by_its_starter_and_headquarters(company: Company) -> None:
    import_id = start(company, table([line(1)]))
    with pytest.raises(NotFound):
        company.capture_service(as_manager("M9", "/HQ/WEST/CD1/")).GetImport(pb.GetImportRequest(import_id=import_id))


@pytest.mark.spec("P1.1")
def test_errors_come_page_by_page(company: Company) -> None:
    done = run(company, table([line(n, phone="1") for n in range(1, 6)]))
    page = PageRequest(size=2)
    rows: list[int] = []
    while True:
        answer = company.capture_service().ListImportErrors(
            pb.ListImportErrorsRequest(import_id=done.import_id, page=page)
        )
        rows += [each.row for each in answer.errors]
        if not answer.page.next_token:
            break
        page = PageRequest(size=2, token=answer.page.next_token)
    assert rows == [1, 2, 3, 4, 5]


@pytest.mark.spec("LD13.1")
@given(st.lists(st.text(max_size=30), max_size=10))
def test_no_row_whatever_it_holds_breaks_the_reader(cells: list[str]) -> None:
    columns, refused = columns_of(HEADINGS, {}), None
    try:
        arrival_of(cells, columns, len(HEADINGS), "import")
    except InvalidInput as problem:
        refused = problem
    assert refused is None or all(each.en and each.zh and each.field for each in refused.violations)


@pytest.mark.spec("LD13.1")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("budget", each)
            for each in ("99999999999999999999", "9e999999万", "9e999999", "1e-999999", "NaN", "-Infinity")
        ),
        *(("budget", each) for each in ("92233720368547758.08", "9" * 100_000, "0.001")),
        *(("first_touch_due_hours", each) for each in ("8761", "00024", "9" * 5000)),
    ],
)
def test_a_number_too_large_to_keep_is_an_error_of_its_row(field: str, value: str) -> None:
    columns = {"company_name": 0, field: 1}
    with pytest.raises(InvalidInput) as refused:
        arrival_of(["甲公司", value], columns, 2, "import")
    assert [each.field for each in refused.value.violations] == [field]


@pytest.mark.spec("LD13.1")
def test_the_largest_numbers_that_can_be_kept_go_in(company: Company) -> None:
    headings = ["公司", "电话", "首触时限（小时）", "预算（元）"]
    largest = ["甲公司", "13800000001", "8760", "92233720368547758.07"]
    oversized = ["乙公司", "13800000002", "24", "99999999999999999999"]
    done = run(company, table([largest, oversized], "utf-8", headings))
    assert (done.state, done.created, done.failed) == (pb.IMPORT_STATE_DONE, 1, 1)
    assert errors(company, done.import_id) == [(2, "budget", "99999999999999999999")]
    with company.service.runtime.database.connect() as conn:
        assert conn.execute(text("SELECT budget_fen FROM lead")).scalars().all() == [2**63 - 1]


def publish_small_chunks(company: Company) -> None:
    """A policy published at runtime: checkpoints every ten rows."""
    publish(company, CAPTURE, {"import_checkpoint_rows": 10})
