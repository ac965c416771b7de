"""How a file's columns would be read, before anything is started (LD1.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from chassis.files import FileStore
from chassis.unit_of_work import Transaction
from leads.imports.open_table import open_rows
from leads.imports.remember_mapping import remembered_mapping, source_of
from leads.imports.row_rules import LEADS, Form, columns_of, field_of, missing_columns
from leads.imports.start_import import check_mapping

_SAMPLES = 3


@dataclass(frozen=True)
class Preview:
    """`columns`: heading, field (empty: left out), how it was found, first cells."""

    encoding: str
    columns: list[tuple[str, str, str, list[str]]]
    missing: list[str]


def preview_import(
    tx: Transaction, files: FileStore, file_id: str, channel: str, given: Mapping[str, str], form: Form = LEADS
) -> Preview:
    """Raises NoSuchFile, EncodingUnknown, FileBroken, or InvalidInput for a mapping to a field there is not."""
    check_mapping(given, form)
    mapping = given or remembered_mapping(tx, source_of(form, channel))
    with open_rows(files, file_id) as (encoding, headings, rows):
        first = [cells for _, cells in islice(rows, _SAMPLES)]
    columns = columns_of(headings, mapping, form)
    fields = {at: field for field, at in columns.items()}
    said = "given" if given else "remembered"
    shown = [
        (heading, fields.get(at, ""), _by(heading, fields.get(at, ""), mapping, said), _samples(first, at))
        for at, heading in enumerate(headings)
    ]
    return Preview(encoding, shown, missing_columns(columns, form))


def _by(heading: str, field: str, mapping: Mapping[str, str], said: str) -> str:
    if not field:
        return ""
    return said if field_of(heading, mapping) == field else "recognised"


def _samples(rows: Sequence[Sequence[str]], at: int) -> list[str]:
    return [cells[at][:100] for cells in rows if at < len(cells)]
