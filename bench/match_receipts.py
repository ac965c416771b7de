"""What claiming costs: 100,000 receipts against more than 100,000 open receivables, on a real PostgreSQL (N4.3).

`python -m bench.match_receipts [--quick] [--seed N]`: a labelled set from `tools.receipt_lab` is put into the tables
and matched by the real use case in one transaction: reading, deciding, claims, amounts, events, audit rows, commit.
Prints seconds, the CPU that this process and the database worked, precision and recall, and the ratio to a raw limit
measured on the same rows: one SQL statement that hash-joins the same keys (contract, or payer and amount), bare
inserts of as many claims, outbox and audit rows, and the two updates, all inside the database, deciding nothing.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from bench.cpu import LOAD, Work
from bench.report import figure, machine, options
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.identity import of_service
from chassis.kernel.ids import new_id
from chassis.local import LocalPostgres, create_service_database, temporary_folder
from chassis.migrations import migrate
from chassis.unit_of_work import UnitOfWork
from integration.bootstrap import CATALOG, MIGRATIONS
from integration.claiming.match_waiting import match_waiting
from integration.claiming.policy import ClaimingPolicy
from integration.receivables.name_rules import contract_key, payer_key
from integration.tables import bank_entry, claim, known_payer, receivable
from tools.receipt_lab.books import Books, Owed, books
from tools.receipt_lab.payments import MAIN_ACCOUNT, Payment, payments

RECEIPTS, QUICK, SEED = 100_000, 1_000, 20260310
GOAL = "60 s on two idle cores"
NOW = datetime(2026, 6, 30, 4, tzinfo=UTC)
BATCH = 10_000
# Every key once as the matcher has it, and the writes that follow a claim, by the database alone.
RAW = (
    "CREATE TEMP TABLE joined AS SELECT e.id, r.receivable_id, e.amount_fen FROM bank_entry e JOIN receivable r ON"
    " r.customer_name = e.payer_name AND r.amount_fen = e.amount_fen UNION ALL SELECT e.id, r.receivable_id,"
    " e.amount_fen FROM bank_entry e JOIN receivable r ON r.contract_number = e.remark",
    "CREATE TABLE raw_claim (LIKE claim INCLUDING ALL)",
    "CREATE TABLE raw_outbox (LIKE outbox INCLUDING ALL)",
    "CREATE TABLE raw_audit (LIKE audit_row INCLUDING ALL)",
    "INSERT INTO raw_claim SELECT * FROM claim",
    "INSERT INTO raw_outbox SELECT * FROM outbox",
    "INSERT INTO raw_audit SELECT * FROM audit_row",
    "UPDATE receivable r SET claimed_fen = claimed_fen FROM claim c WHERE c.receivable_id = r.receivable_id",
    "UPDATE bank_entry e SET claimed_fen = claimed_fen FROM claim c WHERE c.receipt_id = e.id",
)


@contextmanager
def opened() -> Iterator[tuple[Database, int]]:
    """The database, and the process that serves it."""
    with (
        temporary_folder("closeloop-bench-") as folder,
        LocalPostgres(folder / "postgres", ephemeral=True) as postgres,
    ):
        url = create_service_database(postgres, "integration")
        migrate(url, MIGRATIONS)
        database = Database(url)
        try:
            yield database, postgres.process.pid
        finally:
            database.close()


def fill(conn: Connection, made: Books, paid: Sequence[Payment]) -> None:
    payers = {(each.customer.code, payer_key(name)): name for each in made.owed for name in each.payers}
    _put(conn, receivable, [_receivable(each) for each in made.owed])
    _put(conn, known_payer, [_payer(code, key, name) for (code, key), name in payers.items()])
    _put(conn, bank_entry, [_entry(each) for each in paid])
    conn.commit()
    conn.execute(text("ANALYZE"))
    conn.commit()


def _put(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        conn.execute(insert(table), rows[start : start + BATCH])


def _payer(code: str, key: str, name: str) -> dict[str, Any]:
    return {"customer_code": code, "payer_key": key, "payer_name": name, "origin": "erp"}


def _receivable(each: Owed) -> dict[str, Any]:
    return {
        "receivable_id": each.receivable_id, "source_version": 1, "contract_number": each.contract,
        "customer_code": each.customer.code, "customer_name": each.customer.name, "salesperson_id": "E00001",
        "amount_fen": each.fen, "due_on": each.due_on, "virtual_account": each.virtual_account,
        "contract_key": contract_key(each.contract), "customer_key": payer_key(each.customer.name), "content_hash": b"",
    }  # fmt: skip


def _entry(each: Payment) -> dict[str, Any]:
    return {
        "id": new_id(), "statement_id": new_id(), "bank": "B", "account": MAIN_ACCOUNT, "serial": each.id,
        "booked_on": each.booked_on, "credit": True, "reversal": each.reversal, "amount_fen": each.fen,
        "payer_name": each.payer, "credited_account": each.credited, "remark": each.remark, "content_hash": b"",
        "state": "waiting",
    }  # fmt: skip


def matched(database: Database) -> int:
    uow = UnitOfWork(database, FixedClock(NOW), CATALOG, service="integration")
    with uow.begin(of_service("integration")) as tx:
        count = match_waiting(tx, ClaimingPolicy())
        tx.commit()
    return count


def raw(database: Database) -> None:
    with database.connect() as conn:
        for statement in RAW:
            conn.execute(text(statement))
        conn.commit()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds by the clock, and the answer."""
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def judged(conn: Connection, made: Books, paid: Sequence[Payment]) -> tuple[float, float]:
    """Precision and recall by contracts and amounts."""
    contract = {each.receivable_id: each.contract for each in made.owed}
    found: dict[str, list[tuple[str, int, int]]] = {}
    rows = conn.execute(select(claim, bank_entry.c.serial).join(bank_entry, bank_entry.c.id == claim.c.receipt_id))
    for row in rows:
        found.setdefault(row.serial, []).append((contract[row.receivable_id], row.amount_fen, row.fee_fen))
    right = {
        each.id
        for each in paid
        if sorted(found.get(each.id, ())) == sorted((one.contract, one.fen, one.fee_fen) for one in each.truth) != []
    }
    claimable = [each.id for each in paid if each.claimable]
    return len(right) / len(found), sum(each in right for each in claimable) / len(claimable)


def main() -> int:
    asked = options(__doc__ or "", seed="of the labelled set")
    machine()
    count = QUICK if asked.quick else RECEIPTS
    random = Random(int(asked.seed or SEED))
    made = books(count * 13 // 10, random)
    paid = list(payments(made, count, random))
    with opened() as (database, server):
        with database.connect() as conn:
            fill(conn, made, paid)
        # The labelled set is nothing that a service would have in its memory to look through.
        gc.freeze()
        work = Work({"postgres": server})
        seconds, claimed = timed(lambda: matched(database))
        spent = work.seconds()
        bare, _ = timed(lambda: raw(database))
        with database.connect() as conn:
            precision, recall = judged(conn, made, paid)
    figure(f"{len(paid)} receipts × {len(made.owed)} open receivables", f"{seconds:.1f} s, {claimed} claimed", GOAL,
           f"{seconds / bare:.1f} to the raw limit of {bare:.1f} s")  # fmt: skip
    figure("worked for it", f"matcher {spent[LOAD]:.1f} CPU s, postgres {spent['postgres']:.1f} CPU s")
    figure("claimed rightly", f"precision {precision:.2%}, recall {recall:.2%}", "99.50%, 90.00%")
    return 0


if __name__ == "__main__":
    sys.exit(main())
