"""Writes the company into a folder. The same seed gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from closeloop_cli.company import day, leads_file, papers, past
from closeloop_cli.company.contracts import ACCOUNT, accounts, books
from closeloop_cli.company.customers import Customer, Numbers, customers
from closeloop_cli.company.people import COLLEAGUE, NEWCOMER, STAR, Staff, hire, rep_profiles, units

SEED = 20260310
LOADING_FROM, STARTS_AT = "2026-03-10T09:30:00+08:00", "2026-03-10T10:00:00+08:00"


def write_company(folder: Path, seed: int = SEED) -> None:
    """Each part draws from its own generator, so that a change in one leaves the others as they were."""

    def draw(part: str) -> Random:
        return Random(f"{seed}/{part}")  # noqa: S311 - a company made up, not a secret

    staff = hire(draw("people"))
    numbers = Numbers(draw("numbers"))
    clients = customers(staff, numbers, draw("customers"))
    kept = books(clients, draw("contracts"))
    signed = day.orders(clients)
    arriving = day.receivables(signed)
    put(folder / "systems/hr/employees.json", [person.as_hr_record() for person in staff.people])
    put(folder / "systems/hr/units.json", units(staff))
    put(folder / "systems/erp/orders.json", [order.as_erp_record() for order in kept.orders])
    put(folder / "systems/erp/receivables.json", [receivable.as_erp_record() for receivable in kept.receivables])
    put(folder / "systems/erp/deliveries.json", papers.deliveries(kept.orders))
    put(folder / "systems/erp/invoices.json", papers.invoices(kept.orders, kept.receivables))
    put(folder / "systems/bank/accounts.json", accounts())
    put(folder / "history/bank_statements.json", {"statements": kept.statements})
    put(folder / "history/customers.json", [customer.as_row() for customer in clients])
    put(folder / "history/rep_profiles.json", rep_profiles(staff, draw("profiles")))
    closed = past.closed_leads(staff, draw("closed leads"))
    put(folder / "history/closed_leads.json", past.with_facts(closed, draw("early facts")))
    put(folder / "history/deals.json", past.deals(staff, clients, draw("deals")))
    put(folder / "history/targets.json", past.targets(staff, draw("targets")))
    put_bytes(folder / "history/pos_sales.csv", past.pos_sales(draw("sales")).encode())
    put_bytes(folder / "day/leads.csv", leads_file.sheet(clients, numbers, draw("leads")).as_csv())
    put(folder / "day/orders.json", {"orders": [order.as_erp_record() for order in signed]})
    put(folder / "day/receivables.json", {"receivables": [receivable.as_erp_record() for receivable in arriving]})
    put(folder / "day/bank.json", day.bank_command(kept, arriving))
    for name, title in day.DOCUMENTS.items():
        put_bytes(folder / "day/documents" / name, day.document(title))
    put(folder / "company.json", summary(staff, clients))


def summary(staff: Staff, clients: list[Customer]) -> dict[str, Any]:
    """Who is who in the story, and where its threads begin."""
    star, newcomer = staff.named(STAR), staff.named(NEWCOMER)
    return {
        "name": "澄岳医疗科技股份有限公司",
        "loadingFrom": LOADING_FROM,
        "startsAt": STARTS_AT,
        "month": past.MONTH,
        "account": ACCOUNT,
        "cast": {
            "star": star.employee_id,
            "colleague": staff.named(COLLEAGUE).employee_id,
            "newcomer": newcomer.employee_id,
            "manager": star.manager_id,
            "director": next(d.employee_id for d in staff.by_position("region_director") if d.region == star.region),
            "head": staff.by_position("vp_sales")[0].employee_id,
            "operations": staff.by_position("sales_ops")[0].employee_id,
            "finance": staff.by_position("finance_clerk")[0].employee_id,
        },
        "keyAccount": clients[0].code,
        "newcomersCustomer": clients[1].code,
        "rows": {
            "keyAccount": leads_file.KEY_ACCOUNT_ROW,
            "newcomer": leads_file.NEWCOMER_ROW,
            "chat": leads_file.CHAT_ROW,
            "call": leads_file.CALL_ROW,
            "silent": leads_file.SILENT_ROW,
            "written": leads_file.WRITTEN_ROW,
            "explained": leads_file.EXPLAINED_ROW,
        },
        "contracts": {"keyAccount": day.KEY_ACCOUNT_CONTRACT, "newcomer": day.NEWCOMER_CONTRACT},
    }


def put(path: Path, content: Any) -> None:
    put_bytes(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def put_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
