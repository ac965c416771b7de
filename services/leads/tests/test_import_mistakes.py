"""Files as colleagues send them by mistake, and files that are out to fill the memory."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from openpyxl import Workbook
from sqlalchemy import text

from chassis.kernel.ids import new_id
from closeloop.leads.v1 import capture_service_pb2 as capture_pb
from closeloop.leads.v1 import import_service_pb2 as pb
from leads.imports.read_csv import CsvRowTooLong, csv_rows
from leads.imports.read_xlsx import XlsxTooLarge, xlsx_rows

from .bringing_along import FOLLOW_UP, FOLLOW_UPS, hospital
from .bringing_along import run as bring
from .company import Company
from .test_customer_file import brought
from .test_import import HEADINGS, errors, line, run, table
from .test_import_trial import door, workbook, zipped

MB = 1 << 20
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.spec("LD13.1")
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_file_of_headings_alone_is_over_at_once_and_brings_nothing(company: Company, dry_run: bool) -> None:
    for content in (table([]), workbook([])):
        done = run(company, content, dry_run=dry_run)
        assert (done.state, done.rows_read, done.created, done.failed) == (capture_pb.IMPORT_STATE_DONE, 0, 0, 0)


@pytest.mark.spec("LD13.1", "LD1.6")
def test_columns_that_nobody_knows_are_left_out_and_the_preview_says_so(company: Company) -> None:
    headings = [*HEADINGS, "备用1", "", "备用1"]
    content = table([[*line(n), "甲", "乙", "丙"] for n in range(1, 4)], headings=headings)
    request = pb.PreviewImportRequest(request_id=new_id(), file_id=company.put_file(content), channel="expo")
    columns = door(company).PreviewImport(request).columns
    assert [(each.heading, each.field) for each in columns[-3:]] == [("备用1", ""), ("", ""), ("备用1", "")]
    assert (run(company, content).created, run(company, content).appended) == (3, 3)


@pytest.mark.spec("LD13.1", "LD1.6")
def test_days_in_several_spellings_go_in_side_by_side_and_what_is_none_is_named(company: Company) -> None:
    brought(company)
    said = ["2024/3/1 9:05", "20240302", "2024年3月3日", "2024-03-04T10:00:00", "03/05/2024", "45357", "2024-02-30"]
    done = bring(company, FOLLOW_UPS, FOLLOW_UP, [["C1", "", at, "电话", f"谈{at}", "", ""] for at in said])
    assert (done.created, done.failed) == (4, 3)
    assert errors(company, done.import_id) == [(n, "at", said[n - 1]) for n in (5, 6, 7)]


@pytest.mark.spec("LD13.1")
def test_where_a_formula_went_wrong_the_cell_is_named(company: Company) -> None:
    done = run(company, table([line(1, name="#N/A"), line(2, city="#REF!"), line(3)]))
    assert (done.created, done.failed) == (1, 2)
    assert errors(company, done.import_id) == [(1, "company_name", "#N/A"), (2, "city", "#REF!")]
    known = bring(company, capture_pb.IMPORT_KIND_CUSTOMERS, ["客户名称", "客户编号"], [hospital("#VALUE!")[:2]])
    assert errors(company, known.import_id) == [(1, "name", "#VALUE!")]


@pytest.mark.spec("LD1.1", "P9.1")
def test_formulas_count_as_what_they_showed_and_are_text_where_they_showed_nothing(company: Company) -> None:
    content = zipped(_changed(workbook([["甲公司", "", 13800000009]]), b"<v>13800000009", b"<f>1+1</f><v>13800000009"))
    assert run(company, content).created == 1
    assert run(company, table([line(2, name="=1+1公司")])).created == 1
    with company.service.runtime.database.connect() as conn:
        found = conn.execute(text("SELECT company_name, phone FROM lead ORDER BY lead_id")).all()
    assert [tuple(each) for each in found] == [("甲公司", "+8613800000009"), ("=1+1公司", "+8613800000002")]


@pytest.mark.spec("LD13.1")
def test_more_columns_than_any_table_has_are_refused_as_a_whole(company: Company) -> None:
    wide = ["公司名称", *(f"列{n}" for n in range(600))]
    for content in (table([["甲公司"]], headings=wide), workbook([["甲公司"]], headings=wide)):
        done = run(company, content)
        assert (done.state, "500" in done.error) == (capture_pb.IMPORT_STATE_FAILED, True)


@pytest.mark.spec("LD1.1", "LD13.1", "P9.1")
@pytest.mark.parametrize("piece", [b"x" * MB, b"a," * (MB // 2), b'"x\n",' * (MB // 5)], ids=["word", "cells", "lines"])
def test_a_hundred_megabytes_that_are_one_row_are_refused_and_never_held(piece: bytes, tmp_path: Path) -> None:
    with (tmp_path / "one row").open("w+b") as content:
        content.writelines([piece] * 100)
        content.seek(0)

        def read() -> None:
            with pytest.raises(CsvRowTooLong):
                next(csv_rows(content, "utf-8", 0)[1])

        assert _more_memory(read) < 16


@pytest.mark.spec("LD13.1")
def test_rows_before_one_that_never_ends_are_in(company: Company) -> None:
    done = run(company, table([line(1), line(2)], "utf-8") + b"z" * MB)
    assert (done.state, done.created) == (capture_pb.IMPORT_STATE_FAILED, 2)
    assert "第 3 行超过 131072 个字符" in done.error


@pytest.mark.spec("LD1.1", "P9.1")
@pytest.mark.parametrize(
    ("part", "head", "piece"),
    [
        (SHEET, b"<worksheet><sheetData><row r='1'><c t='inlineStr'><is><t>", b"x" * MB),
        (SHEET, b"<worksheet><sheetData><row r='1'>", b"<c r='A1'/>" * (MB // 11)),
        (SHEET, b"<worksheet>", b"<cols></cols>" * (MB // 13)),
        ("xl/styles.xml", b"<styleSheet>", b"<font/>" * (MB // 7)),
    ],
    ids=["one cell", "one row", "no row", "styles"],
)
def test_a_workbook_that_swells_where_it_has_to_be_held_is_refused_before(part: str, head: bytes, piece: bytes) -> None:
    """Some hundred kB, of which 200 MB come."""
    with zipfile.ZipFile(io.BytesIO(workbook([line(1)]))) as whole:
        parts = {each: whole.read(each) for each in whole.namelist() if each != part}
    with TemporaryFile() as content:
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, each in parts.items():
                archive.writestr(name, each)
            with archive.open(part, "w") as swollen:
                swollen.write(head)
                for _ in range(200):
                    swollen.write(piece)

        def read() -> None:
            with pytest.raises(XlsxTooLarge):
                xlsx_rows(content, 0)

        assert _more_memory(read) < 16


@pytest.mark.spec("LD1.1")
def test_a_large_sheet_of_many_rows_is_read() -> None:
    book, content = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for each in [HEADINGS, *(line(n) for n in range(12_000))]:
        sheet.append(each)
    book.save(content)
    assert content.seek(0) == 0
    assert sum(1 for _ in xlsx_rows(content, 0)[1]) == 12_000


@pytest.mark.spec("LD1.6")
def test_the_error_file_of_an_import_of_before_rows_were_kept_is_the_same(company: Company) -> None:
    done = run(company, table([line(1, phone="1"), line(2), line(3, grade="S")[:6], [*line(4), "zu", "viel"]]))
    kept = _error_file(company, done.import_id)
    assert len(kept.decode("utf-8-sig").splitlines()) == 4
    with company.service.runtime.database.begin() as conn:
        conn.execute(text("UPDATE lead_import SET headings = NULL"))
        conn.execute(text("DELETE FROM lead_import_refused"))
    assert _error_file(company, done.import_id) == kept


def _error_file(company: Company, import_id: str) -> bytes:
    request = pb.WriteErrorFileRequest(request_id=new_id(), import_id=import_id)
    with company.files.open(door(company).WriteErrorFile(request).file_id) as file:
        return bytes(file.read())


def _changed(book: bytes, before: bytes, after: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as whole:
        parts = {each: whole.read(each) for each in whole.namelist()}
    assert before in parts[SHEET]
    return parts | {SHEET: parts[SHEET].replace(before, after)}


def _more_memory(work: Callable[[], object]) -> float:
    """MB that this process had resident at most, beyond what it had before."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    work()
    return _peak() - before


def _peak() -> float:
    found = re.search(r"^VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(), re.M)
    assert found
    return int(found[1]) / 1024
