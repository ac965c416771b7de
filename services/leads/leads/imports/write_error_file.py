"""The refused rows as a CSV to be corrected and imported again: each as it came, with its reasons behind it (LD1.6)."""

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


class NothingRefused(FailedPrecondition):
    en = "The import refused no row."
    zh = "该导入没有被拒绝的行。"


def write_error_file(tx: Transaction, files: FileStore, import_id: str) -> tuple[StoredFile, int]:
    """The file and how many rows it holds. Raises ImportNotFound, NothingRefused, NoSuchFile."""
    row = store.load(tx, import_id)
    if row.failed == 0:
        raise NothingRefused
    with open_rows(files, row.file_id) as (_, headings, rows):
        refused = _refused(rows, store.errors_by_row(tx, import_id))
        written = as_csv([*headings, *_MORE], (_padded(each, len(headings)) for each in refused))
        return files.put(written, f"errors-{import_id}.csv", _LIMIT), int(row.failed)


def _refused(rows: Iterator[Numbered], errors: Iterator[tuple[int, list[Row[Any]]]]) -> Iterator[list[str]]:
    """Both come in the order of the file, so neither is held."""
    number, cells = 0, list[str]()
    for refused, reasons in errors:
        try:
            while number < refused:
                number, cells = next(rows)
        except (StopIteration, FileBroken):
            return
        yield [
            *cells,
            str(refused),
            "；".join(f"{each.field}：{each.message_zh}" for each in reasons),
            "; ".join(f"{each.field}: {each.message}" for each in reasons),
        ]


def _padded(row: list[str], width: int) -> list[str]:
    """A row that is too short has its reasons under theirs."""
    own, more = row[: -len(_MORE)], row[-len(_MORE) :]
    return [*own, *[""] * (width - len(own)), *more]
