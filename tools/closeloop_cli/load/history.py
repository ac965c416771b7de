"""The history of a company, with its effective dates, through the import RPCs (P11.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from closeloop_cli.door import Door, Person
from closeloop_cli.runtime.layout import CannotRun, Layout
from closeloop_cli.runtime.readiness import settle

CHUNK = 500
PLAN_NAME = "2026 销售回款计划"
Tell = Callable[[str], None]


def load(layout: Layout, door: Door, tell: Tell) -> None:
    """In the order in which one thing needs another. Raises Refused or CannotRun."""
    company = read(layout.company / "company.json")
    run_feed(door.as_("bootstrap"), "hr")
    settle(layout)
    tell("employees from the HR system")
    operations, head = door.as_(company["cast"]["operations"]), door.as_(company["cast"]["head"])
    history = layout.company / "history"
    # What others refer to comes first: customers before the orders and deals that name them.
    import_rows(operations, "/api/v1/customers:import", "customers", history / "customers.json")
    import_rows(operations, "/api/v1/assignment/rep-profiles:import", "profiles", history / "rep_profiles.json")
    import_rows(operations, "/api/v1/assignment/closed-leads:import", "leads", history / "closed_leads.json")
    settle(layout)
    tell("customers, territories, closed leads")
    import_rows(operations, "/api/v1/deals:import", "deals", history / "deals.json")
    load_targets(operations, head, history / "targets.json", company["month"])
    load_sales(operations, history / "pos_sales.csv")
    tell("past deals, targets of the month, 36 months of sales")
    load_books(layout, operations, history / "bank_statements.json")
    settle(layout)
    tell("orders, receivables, bank statements of March")


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def run_feed(person: Person, feed: str) -> dict[str, Any]:
    """Raises CannotRun when the run failed."""
    run: dict[str, Any] = person.post(f"/api/v1/feeds/{feed}:run", {})["run"]
    if run["outcome"] != "ok":
        raise CannotRun(f"feed {feed}: {run['errorClass']} {run['error']}")
    return run


def import_rows(person: Person, path: str, field: str, file: Path) -> None:
    """Raises CannotRun when a row is refused: the history is ours, so each row must go in."""
    for chunk in chunks(read(file)):
        answer = person.post(path, {field: chunk})
        if answer.get("errors"):
            raise CannotRun(f"{path}: {json.dumps(answer['errors'][:3], ensure_ascii=False)}")


def chunks(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def load_targets(operations: Person, head: Person, file: Path, month: str) -> None:
    plan = head.post("/api/v1/plans", {"name": PLAN_NAME, "firstMonth": month, "months": 1})["plan"]
    for rows in chunks(read(file)):
        answer = operations.post(f"/api/v1/plans/{plan['planId']}:import", {"rows": rows, "reason": "年度目标分解"})
        if answer["errors"]:
            raise CannotRun(f"targets: {json.dumps(answer['errors'][:3], ensure_ascii=False)}")


def load_sales(operations: Person, file: Path) -> None:
    stored = operations.upload(file.name, file.read_bytes(), "text/csv")
    answer = operations.post("/api/v1/pos-sales:import", {"fileId": stored})
    if int(answer["rejected"]):
        raise CannotRun(f"sales: {answer['errors'][:3]}")


def load_books(layout: Layout, operations: Person, statements: Path) -> None:
    """Receivables first: money is claimed by what is open when it comes."""
    run_feed(operations, "erp_orders")
    run_feed(operations, "erp_receivables")
    answer = httpx.post(
        f"{layout.simulator_url('bank')}/_sim/statements", json=read(statements), timeout=10, trust_env=False
    )
    answer.raise_for_status()
    run_feed(operations, "bank")
