"""SQL of the board: what is to be judged again, and the rows as they were judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Row, Text, cast, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from integration.tables import board_mark, board_row, erp_order


def take_marks(tx: Transaction, limit: int) -> set[str]:
    """The oldest first. An order's number means its contract, too."""
    oldest = select(board_mark.c.id).order_by(board_mark.c.id).limit(limit)
    taken = delete(board_mark).where(board_mark.c.id.in_(oldest)).returning(board_mark.c.thread)
    named = set(tx.execute(taken).scalars())
    contracts = select(erp_order.c.contract_number).where(erp_order.c.order_id == func.any(_texts(named)))
    return named | {each for each in tx.execute(contracts).scalars() if each} if named else named


def changing(tx: Transaction, today: date, limit: int) -> set[str]:
    """Something of them falls due or matures by this day."""
    query = select(board_row.c.thread).where(board_row.c.changes_on <= today).limit(limit)
    return set(tx.execute(query).scalars())


def judged_otherwise(tx: Transaction, policy_version: int, limit: int) -> set[str]:
    """By another version of the policy than the one that holds."""
    version = board_row.c.policy_version
    other = or_(version < policy_version, version > policy_version)
    return set(tx.execute(select(board_row.c.thread).where(other).limit(limit)).scalars())


def replace_rows(tx: Transaction, threads: Iterable[str], rows: Sequence[dict[str, Any]]) -> None:
    """Of these threads, these rows and no others."""
    kept = [(row["thread"], row["currency"]) for row in rows]
    gone = delete(board_row).where(board_row.c.thread == func.any(_texts(threads)))
    if kept:
        gone = gone.where(tuple_(board_row.c.thread, board_row.c.currency).not_in(kept))
    tx.execute(gone)
    if rows:
        fresh = insert(board_row)
        others = {name: fresh.excluded[name] for name in rows[0] if name not in ("thread", "currency")}
        tx.execute(fresh.on_conflict_do_update(index_elements=["thread", "currency"], set_=others), rows)


def customers_of(tx: Transaction, threads: Iterable[str]) -> set[str]:
    query = select(board_row.c.customer_code).where(board_row.c.thread == func.any(_texts(threads))).distinct()
    return set(tx.execute(query).scalars()) - {""}


def different(tx: Transaction, customers: Iterable[str]) -> Sequence[Row[Any]]:
    """Rows of these customers that have or had a difference."""
    columns = (
        board_row.c.thread, board_row.c.currency, board_row.c.customer_code, board_row.c.differences,
        board_row.c.offsets,
    )  # fmt: skip
    named = board_row.c.customer_code == func.any(_texts(customers))
    some = or_(func.jsonb_array_length(board_row.c.differences) > 0, func.jsonb_array_length(board_row.c.offsets) > 0)
    return tx.execute(select(*columns).where(named, some)).all()


def set_offsets(tx: Transaction, thread: str, currency: str, offsets: list[dict[str, Any]]) -> None:
    row = update(board_row).where(board_row.c.thread == thread, board_row.c.currency == currency)
    tx.execute(row.values(offsets=offsets))


def _texts(values: Iterable[str]) -> Any:
    return cast(sorted(set(values)), ARRAY(Text))
