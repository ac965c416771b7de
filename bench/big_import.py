"""Keeps one file by the job that keeps large files, in a process of its own, and says what that took.

`python -m bench.big_import DATABASE FILES FEED FILE_ID`, as `bench.big_files` starts it. Prints one line of JSON.
"""

from __future__ import annotations

import json
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chassis.clock import FixedClock
from chassis.config import Settings
from chassis.database import Database
from chassis.files import FileStore
from chassis.identity import of_service
from chassis.unit_of_work import UnitOfWork
from integration.bootstrap import CATALOG
from integration.claiming.policy import ClaimingPolicy
from integration.connectors._bank import BankSettings
from integration.connectors._pos import PosSettings
from integration.connectors.bank import BankConnector
from integration.connectors.pos_sales import PosSales
from integration.feeds import store
from integration.feeds.connector import Connector
from integration.feeds.import_large_file import import_queued, queue_file
from integration.receipts.policy import StatementsPolicy

NOW = datetime(2026, 3, 11, 1, tzinfo=UTC)
POLICIES: dict[str, Any] = {"statements": StatementsPolicy(), "claiming": ClaimingPolicy()}


def main() -> None:
    database_url, files_url, feed, file_id = sys.argv[1:]
    uow = UnitOfWork(Database(Settings(database_url=database_url)), FixedClock(NOW), CATALOG, service="integration")
    connectors: dict[str, Connector] = {
        "bank": BankConnector(BankSettings(), POLICIES.__getitem__), "pos_sales": PosSales(PosSettings()),
    }  # fmt: skip
    with uow.begin(of_service("integration")) as tx:
        run_id = queue_file(tx, connectors[feed], file_id)
        tx.commit()
    idle, began, worked = peak(), time.perf_counter(), time.process_time()
    import_queued(uow, connectors, lambda each: each.rule, FileStore(files_url))
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    with uow.read(of_service("integration")) as tx:
        run = store.run(tx, run_id)
    told = {"outcome": run.outcome, "error": run.error, "new": run.records_new, "rejected": run.rejected}
    print(json.dumps({**told, "seconds": seconds, "cpu": worked, "peak_mb": peak(), "idle_mb": idle}))


def peak() -> int:
    """The most memory this process ever had resident, in MB."""
    found = re.search(r"^VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(), re.M)
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
