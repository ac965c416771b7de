"""Load sales of past months from an uploaded CSV: good rows are kept, bad ones named, months told on once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import NamedTemporaryFile

from chassis.errors import InvalidInput, Violation
from chassis.files import FileStore
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.pos import store
from integration.pos.read_sales import NotSales, Sales, read_sales
from integration.pos.rules import PosSalesLine, PosSalesLoaded


class NotASalesFile(InvalidInput):
    en = "The file is not a CSV with date, region, category, sku, units, amount ({why})."
    zh = "文件不是包含 date、region、category、sku、units、amount 列的 CSV（{why}）。"


@dataclass(frozen=True)
class Load:
    load_id: str
    rows: int
    rejected: int
    errors: tuple[str, ...]


def read_file(files: FileStore, file_id: str) -> Sales:
    """Before the transaction: the file store is a neighbour. Raises NoSuchFile or NotASalesFile."""
    with _on_disk(files, file_id) as path:
        try:
            return read_sales(path)
        except NotSales as failure:
            error = NotASalesFile(why=str(failure))
            error.violations = (Violation("file_id", error.text_en, error.text_zh),)
            raise error from None


def import_sales(tx: Transaction, file_id: str, sales: Sales) -> Load:
    """Told on per region and month with the whole month, so that a later day of it replaces nothing else."""
    load_id = new_id()
    store.merge(tx, sales.days)
    months = store.regions_and_months(sales.days)
    for (region, month), lines in store.month_lines(tx, months).items():
        told = tuple(PosSalesLine(row.category, row.sku, int(row.units), Money(int(row.fen))) for row in lines)
        tx.record(PosSalesLoaded(load_id, region, f"{month:%Y-%m}", told))
    store.add_load(
        tx,
        id=load_id,
        file_id=file_id,
        loaded_at=tx.now,
        loaded_by=tx.identity.subject,
        rows=sales.rows,
        rejected=sales.rejected,
    )
    tx.audit(action="pos.import", entity="pos_load", entity_id=load_id, after={"rows": sales.rows, "file": file_id})
    return Load(load_id, sales.rows, sales.rejected, sales.errors)


@contextmanager
def _on_disk(files: FileStore, file_id: str) -> Iterator[str]:
    """The streaming reader seeks in a file of its own; a bucket would be asked for every block."""
    with files.open(file_id) as content, NamedTemporaryFile(suffix=".csv") as scratch:
        shutil.copyfileobj(content, scratch)
        scratch.flush()
        yield scratch.name
