"""Judge again contracts to which something happened, those that change today, all when the policy changes (N5.1).

Guarantee: each document's transaction leaves a mark, a mark is taken in the transaction that judges; so the board shows
every document within seconds, and a job that dies leaves the marks to the next one.
"""

from __future__ import annotations

from collections.abc import Iterable

from chassis.identity import of_service
from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction, UnitOfWork
from integration.board import documents_store, store
from integration.board.mark_offsets import mark_offsets
from integration.board.policy import ThreeWayPolicy
from integration.board.row_rules import row_of
from integration.board.thread_rules import by_currency

AT_ONCE = 1000


def refresh_board(uow: UnitOfWork, policy: ThreeWayPolicy, policy_version: int) -> int:
    """How many contracts were judged."""
    judged = 0
    while True:
        with uow.begin(of_service("integration"), source="board.refresh") as tx:
            threads = _stale(tx, policy_version)
            if not threads:
                return judged
            _judge(tx, threads, policy, policy_version)
            tx.commit()
        judged += len(threads)


def _stale(tx: Transaction, policy_version: int) -> set[str]:
    marked = store.take_marks(tx, AT_ONCE)
    return (
        marked or store.changing(tx, local_date(tx.now), AT_ONCE) or store.judged_otherwise(tx, policy_version, AT_ONCE)
    )


def _judge(tx: Transaction, threads: Iterable[str], policy: ThreeWayPolicy, policy_version: int) -> None:
    before = store.customers_of(tx, threads)
    found = documents_store.documents_of(tx, threads)
    rows = [
        row_of(thread, currency, documents, local_date(tx.now), policy) | {"policy_version": policy_version}
        for thread, every in found.items()
        for currency, documents in by_currency(every).items()
    ]
    store.replace_rows(tx, threads, rows)
    mark_offsets(tx, before | {row["customer_code"] for row in rows} - {""}, policy)
