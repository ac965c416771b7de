"""Events and effects of the imaginary service that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from chassis.database import Database
from chassis.events import Incoming
from chassis.identity import of_service
from chassis.unit_of_work import Transaction, UnitOfWork

ME = of_service("workshop")
ORDERS = "closeloop.workshop.order.v1"


@dataclass(frozen=True)
class OrderStepped:
    order_id: str
    step: int


@dataclass(frozen=True)
class WorkerMoved:
    worker_id: str
    bench: str


def write_effect(tx: Transaction, key: str, step: int) -> None:
    tx.execute(text("INSERT INTO effect (key, step) VALUES (:key, :step)"), {"key": key, "step": step})


def step_order(tx: Transaction, event: Incoming) -> None:
    write_effect(tx, event.message.order_id, event.message.step)


def move_workers(tx: Transaction, events: Sequence[Incoming]) -> None:
    for event in events:
        write_effect(tx, event.message.worker_id, len(events))


def effects(database: Database, key: str | None = None) -> list[tuple[str, int]]:
    """In the order in which they happened."""
    where = "" if key is None else "WHERE key = :key"
    with database.connect() as connection:
        return [
            (row.key, row.step)
            for row in connection.execute(
                text(f"SELECT * FROM effect {where} ORDER BY seq"), {"key": key} if key else {}
            )
        ]


def count(database: Database, table: str) -> int:
    with database.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def record_steps(uow: UnitOfWork, key: str, *steps: int) -> None:
    with uow.begin(ME) as tx:
        for step in steps:
            tx.record(OrderStepped(key, step))
        tx.commit()
