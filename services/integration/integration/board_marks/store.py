"""Notes which contracts something happened to. The board looks at them within seconds."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Text, cast, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.unit_of_work import Transaction
from integration.tables import board_mark, receivable

CUSTOMER = "customer:"


def mark(tx: Transaction, threads: Iterable[str]) -> None:
    """Contract or order numbers; empty ones are left out."""
    named = sorted({each for each in threads if each})
    if named:
        marks = select(func.unnest(cast(named, ARRAY(Text))))
        tx.execute(insert(board_mark).from_select(["thread"], marks))


def mark_receivables(tx: Transaction, receivable_ids: Iterable[str]) -> None:
    """The contracts of these."""
    named = receivable.c.receivable_id == func.any(cast(sorted(set(receivable_ids)), ARRAY(Text)))
    contracts = select(receivable.c.contract_number).where(named).distinct()
    tx.execute(insert(board_mark).from_select(["thread"], contracts))


def mark_documents(tx: Transaction, documents: Iterable[object]) -> None:
    """Records or rows that name a contract, an order and a customer; those that were before a change, too."""
    mark(tx, (name for each in documents if each is not None for name in _named(each)))


def _named(document: object) -> Iterable[str]:
    numbers = [getattr(document, name, "") for name in ("contract_number", "order_id")]
    return numbers if any(numbers) else [f"{CUSTOMER}{getattr(document, 'customer_code', '')}"]
