"""Open a stored file as a table, whatever its kind: judged by its first bytes, not by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from chassis.files import FileStore
from leads.imports.read_csv import csv_rows, encoding_of
from leads.imports.read_xlsx import MAGIC, xlsx_rows
from leads.imports.row_rules import LEADS, Form
from leads.imports.table_rules import Numbered, Table, understood

XLSX = "xlsx"


@contextmanager
def open_table(
    files: FileStore, file_id: str, mapping: Mapping[str, str], skip: int = 0, form: Form = LEADS
) -> Iterator[Table]:
    """`skip`: rows dealt with already. Raises NoSuchFile, EncodingUnknown, ColumnMissing, FileBroken."""
    with open_rows(files, file_id, skip) as (encoding, headings, rows):
        yield understood(encoding, headings, rows, mapping, form)


@contextmanager
def open_rows(files: FileStore, file_id: str, skip: int = 0) -> Iterator[tuple[str, list[str], Iterator[Numbered]]]:
    """Encoding, headings and rows, whatever the columns mean."""
    with files.open(file_id) as file:
        start = file.read(len(MAGIC))
        file.seek(0)
        if start == MAGIC:
            headings, rows = xlsx_rows(file, skip)
            yield XLSX, headings, rows
        else:
            encoding = encoding_of(file)
            headings, rows = csv_rows(file, encoding, skip)
            yield encoding, headings, rows
