"""The refused rows as a CSV to be corrected and imported again: each as it came, with its reasons behind it (LD1.6).

They were kept when they were refused, since reading a large workbook again takes longer than a request may.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from chassis.errors import FailedPrecondition
from chassis.files import FileStore, StoredFile
from chassis.sheets import as_csv
from chassis.unit_of_work import Transaction
from leads.imports import store
from leads.imports.open_table import open_rows
from leads.imports.table_rules import FileBroken, Numbered

_LIMIT = 1 << 30
_MORE = ("行号", "原因", "reason")
# Its cells, and what is wrong with them.
_Refused = tuple[list[str], list[Row[Any]]]


class NothingRefused(FailedPrecondition):
    en = "The import refused no row."
    zh = "该导入没有被拒绝的行。"


def write_error_file(tx: Transaction, files: FileStore, import_id: str) -> tuple[StoredFile, int]:
    """The file and how many rows it holds. Raises ImportNotFound, NothingRefused, NoSuchFile."""
    row = store.load(tx, import_id)
    if row.failed == 0:
        raise NothingRefused
    errors = store.errors_by_row(tx, import_id)
    if row.headings is not None:
        return _written(files, row, row.headings, ((reasons[0].cells, reasons) for _, reasons in errors))
    # An import of before rows were kept.
    with open_rows(files, row.file_id) as (_, headings, rows):
        return _written(files, row, headings, _read_again(rows, errors))


def _written(
    files: FileStore, row: Row[Any], headings: list[str], refused: Iterator[_Refused]
) -> tuple[StoredFile, int]:
    lines = (_line(cells, reasons, len(headings)) for cells, reasons in refused)
    return files.put(as_csv([*headings, *_MORE], lines), f"errors-{row.import_id}.csv", _LIMIT), int(row.failed)


def _read_again(rows: Iterator[Numbered], errors: Iterator[tuple[int, list[Row[Any]]]]) -> Iterator[_Refused]:
    """Both come in the order of the file, so neither is held."""
    number, cells = 0, list[str]()
    for refused, reasons in errors:
        try:
            while number < refused:
                number, cells = next(rows)
        except (StopIteration, FileBroken):
            return
        yield cells, reasons


def _line(cells: list[str], reasons: list[Row[Any]], width: int) -> list[str]:
    """Also of a row that is too short, the reasons stand under theirs."""
    return [
        *cells,
        *[""] * (width - len(cells)),
        str(reasons[0].row),
        "；".join(f"{each.field}：{each.message_zh}" for each in reasons),
        "; ".join(f"{each.field}: {each.message}" for each in reasons),
    ]
