"""Before an import: how its columns are read, what would become of its rows; and the rows it refused."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import text

from chassis.errors import FailedPrecondition, InvalidInput
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.testing.identity import as_hq
from closeloop.leads.v1 import capture_service_pb2 as capture_pb
from closeloop.leads.v1 import import_service_pb2 as pb
from closeloop.leads.v1.import_service_pb2_grpc import ImportServiceStub
from leads.imports.run_import import run_imports

from .company import Company
from .test_import import HEADINGS, errors, line, run, start, state, table


def door(company: Company, as_: Identity | None = None) -> ImportServiceStub:
    return ImportServiceStub(company.rpc(company.service, as_=as_ or as_hq()))


def rows(company: Company, import_id: str) -> list[tuple[int, int, str, int]]:
    answer = door(company).ListImportRows(pb.ListImportRowsRequest(import_id=import_id))
    return [(each.row, each.outcome, each.lead_id, each.other_row) for each in answer.rows]


def workbook(lines: list[list[Any]], headings: list[str] | None = None) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for each in [headings or HEADINGS, *lines]:
        book.active.append(each)
    book.save(out)
    return out.getvalue()


@pytest.mark.spec("LD1.6")
def test_a_dry_run_says_what_the_import_then_does_and_takes_nothing_in(company: Company) -> None:
    known = company.capture("杭州早有科技有限公司", phone="13800000001").lead
    content = table([line(1), line(2), line(3), line(4, phone="13800000002"), line(5, phone="1")])
    tried = run(company, content, dry_run=True)
    assert (tried.state, tried.dry_run) == (capture_pb.IMPORT_STATE_DONE, True)
    assert (tried.rows_read, tried.created, tried.appended, tried.failed) == (5, 2, 2, 1)
    appended = pb.ROW_OUTCOME_APPENDED
    assert rows(company, tried.import_id) == [(1, appended, known.lead_id, 0), (4, appended, "", 2)]
    assert errors(company, tried.import_id) == [(5, "phone", "1")]
    with company.service.runtime.database.connect() as conn:
        counts = [conn.scalar(text(f"SELECT count(*) FROM {each}")) for each in ("lead", "touch", "lead_import_seen")]
    assert counts == [1, 1, 0]

    done = run(company, content)
    assert (done.created, done.appended, done.failed) == (tried.created, tried.appended, tried.failed)
    assert [each[:2] for each in rows(company, done.import_id)] == [(1, appended), (4, appended)]


@pytest.mark.spec("LD1.6")
def test_a_dry_run_finds_its_own_rows_over_checkpoints(company: Company) -> None:
    tried = run(company, table([line(n) for n in range(1, 601)] + [line(601, phone="13800000003")]), dry_run=True)
    assert (tried.created, tried.appended) == (600, 1)
    assert rows(company, tried.import_id) == [(601, pb.ROW_OUTCOME_APPENDED, "", 3)]


@pytest.mark.spec("LD1.6")
def test_a_mapping_is_remembered_for_the_person_and_for_the_company(company: Company) -> None:
    content = table([["甲公司", "13800000001"]], headings=["单位", "号码"])
    mapping = {"单位": "company_name", "号码": "phone"}
    assert run(company, content, channel="expo", mapping=mapping).created == 1
    # The same person, the same source: as the last time.
    assert run(company, content, channel="expo").appended == 1
    # Somebody else has the company's; another source has none.
    other = company.capture_service(as_hq("H2"))
    request = capture_pb.StartImportRequest(request_id=new_id(), file_id=company.put_file(content), channel="expo")
    assert dict(getattr(other.StartImport(request), "import").mapping) == mapping
    assert "公司名称" in run(company, content, channel="douyin").error
    # The own way comes before the company's.
    own = capture_pb.StartImportRequest(
        request_id=new_id(), file_id=request.file_id, channel="expo", mapping={"单位": "company_name"}
    )
    other.StartImport(own)
    preview = pb.PreviewImportRequest(request_id=new_id(), file_id=request.file_id, channel="expo")
    assert [each.field for each in door(company, as_hq("H2")).PreviewImport(preview).columns] == ["company_name", ""]
    assert [each.field for each in door(company).PreviewImport(preview).columns] == ["company_name", "phone"]


@pytest.mark.spec("LD1.6")
def test_a_preview_shows_how_each_column_would_be_read(company: Company) -> None:
    content = table([["甲公司", "13800000001", "x"]], headings=["单位", "手机号", "备忘"], encoding="utf-8")
    request = pb.PreviewImportRequest(request_id=new_id(), file_id=company.put_file(content), channel="expo")
    blind = door(company).PreviewImport(request)
    assert [(each.heading, each.field, each.by) for each in blind.columns] == [
        ("单位", "", ""),
        ("手机号", "phone", "recognised"),
        ("备忘", "", ""),
    ]
    assert (list(blind.missing), blind.encoding) == (["company_name"], "utf-8")
    assert list(blind.columns[1].samples) == ["13800000001"]
    request.mapping["单位"] = "company_name"
    request.request_id = new_id()
    told = door(company).PreviewImport(request)
    assert (told.columns[0].by, list(told.missing)) == ("given", [])
    request.mapping["单位"] = "firm"
    request.request_id = new_id()
    with pytest.raises(InvalidInput):
        door(company).PreviewImport(request)


@pytest.mark.spec("LD1.6", "P9.1")
def test_the_error_file_holds_the_refused_rows_with_their_reasons_and_can_be_imported_again(company: Company) -> None:
    bad = line(2, phone="1", contact="=HYPERLINK(1)", channel="expo")
    done = run(company, table([line(1), bad, line(3, grade="S")]))
    request = pb.WriteErrorFileRequest(request_id=new_id(), import_id=done.import_id)
    written = door(company).WriteErrorFile(request)
    with company.files.open(written.file_id) as file:
        content = file.read()
    found = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert content.startswith(b"\xef\xbb\xbf")
    assert found[0] == [*HEADINGS, "行号", "原因", "reason"]
    assert [each[-3] for each in found[1:]] == ["2", "3"]
    assert found[1][1] == "'=HYPERLINK(1)"
    assert "电话号码" in found[1][-2]
    assert "phone" in found[1][-1]

    found[1][2], found[2][5] = "13800000002", "C"
    again = run(company, table(found[1:], headings=found[0]))
    assert (again.created, again.failed) == (2, 0)
    clean = pb.WriteErrorFileRequest(request_id=new_id(), import_id=again.import_id)
    with pytest.raises(FailedPrecondition) as refused:
        door(company).WriteErrorFile(clean)
    assert refused.value.reason == "NOTHING_REFUSED"


@pytest.mark.spec("LD1.1", "LD1.6")
def test_a_workbook_is_read_as_a_csv_is(company: Company) -> None:
    company.hire("E1")
    lines = [
        ["杭州甲科技有限公司", "王芳", 13800000001, None, "杭州市", "A级", "抖音"],
        ["杭州乙科技有限公司", date(2026, 3, 9), 13800000002.0, True, "杭州市", None, None],
        [None, None, None, None, None, None, None],
        ["杭州丙科技有限公司", "李娜", "12", "", "", "", ""],
    ]
    done = run(company, workbook(lines))
    assert (done.state, done.encoding) == (capture_pb.IMPORT_STATE_DONE, "xlsx")
    assert (done.rows_read, done.created) == (4, 1)
    assert [(row, field) for row, field, _ in errors(company, done.import_id)] == [(2, "uscc"), (4, "phone")]


@pytest.mark.spec("LD13.1")
def test_a_row_wider_than_its_headings_is_refused_in_a_workbook_too(company: Company) -> None:
    done = run(company, workbook([["甲公司", "x"], ["乙公司"]], headings=["公司"]))
    assert (done.created, done.failed) == (1, 1)
    assert errors(company, done.import_id)[0][:2] == (1, "row")


@pytest.mark.spec("LD13.1", "P9.1")
def test_a_broken_or_swollen_workbook_fails_with_the_reason(company: Company) -> None:
    whole = workbook([line(n) for n in range(1, 200)])
    for broken in (whole[: len(whole) // 2], b"PK\x03\x04" + b"x" * 400, zipped({"a.txt": b"x"})):
        done = run(company, broken)
        assert (done.state, done.created) == (capture_pb.IMPORT_STATE_FAILED, 0)
        assert "XLSX" in done.error
    bomb = run(company, zipped({"xl/sharedStrings.xml": b" " * (129 << 20)}))
    assert "128 MB" in bomb.error


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.spec("LD1.6", "P1.7")
def test_a_cancelled_dry_run_leaves_nothing_behind(company: Company) -> None:
    import_id = start(company, table([line(1)]), dry_run=True)
    company.capture_service().CancelImport(capture_pb.CancelImportRequest(request_id=new_id(), import_id=import_id))
    run_imports(company.app.importer)
    assert state(company, import_id).state == capture_pb.IMPORT_STATE_CANCELLED
