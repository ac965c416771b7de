"""One contract on one page: how its documents match now, and each of them with its id and day (N5.1).

Judged from the documents themselves by the rule of the board, so it is never older than they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from integration.board import documents_store, steps_store
from integration.board.errors import ThreadNotFound
from integration.board.policy import ThreeWayPolicy
from integration.board.row_rules import row_of
from integration.board.steps_rules import Step
from integration.board.thread_rules import by_currency
from integration.orders.read_orders import get_order


@dataclass(frozen=True)
class ThreadView:
    """`rows`: as on the board, one for each currency. `offsets` of other contracts are the board's."""

    thread: str
    contract_number: str
    rows: list[dict[str, Any]]
    steps: list[Step]


def read_thread_of_order(tx: Transaction, order_id: str, policy: ThreeWayPolicy) -> ThreadView:
    """Raises OrderNotFound, also for an order of somebody else's people."""
    order = get_order(tx, order_id)
    return _read(tx, order.contract_number or order_id, policy, is_seen=True)


def read_thread(tx: Transaction, thread: str, policy: ThreeWayPolicy) -> ThreadView:
    """Raises ThreadNotFound, also for one of somebody else's people."""
    return _read(tx, thread, policy, is_seen=False)


def _read(tx: Transaction, thread: str, policy: ThreeWayPolicy, *, is_seen: bool) -> ThreadView:
    """`is_seen`: it is the caller's to see, whoever sold its first order."""
    documents = documents_store.documents_of(tx, [thread]).get(thread)
    if documents is None:
        raise ThreadNotFound(contract_number=thread)
    today = local_date(tx.now)
    rows = [row_of(thread, currency, each, today, policy) for currency, each in by_currency(documents).items()]
    if not is_seen and not steps_store.is_seen(tx, {row["salesperson_id"] for row in rows}):
        raise ThreadNotFound(contract_number=thread)
    known = steps_store.offsets_of(tx, thread)
    for row in rows:
        row["offsets"] += [each for each in known.get(row["currency"], []) if each["thread"] != thread]
    contract = next((row["contract_number"] for row in rows if row["contract_number"]), "")
    order_ids = {each.order_id for each in documents.orders}
    return ThreadView(thread, contract, rows, steps_store.steps_of(tx, thread, order_ids))
