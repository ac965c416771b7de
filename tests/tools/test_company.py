from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import uscc

from closeloop_cli.company.write import write_company


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    write_company(folder)
    return folder


def read(company: Path, name: str) -> Any:
    return json.loads((company / name).read_text(encoding="utf-8"))


def test_the_same_seed_gives_the_same_bytes(company: Path, tmp_path: Path) -> None:
    write_company(tmp_path)
    files = sorted(file.relative_to(company) for file in company.rglob("*") if file.is_file())
    assert len(files) >= 15
    assert all((company / file).read_bytes() == (tmp_path / file).read_bytes() for file in files)


@pytest.mark.spec("P4.1")
def test_the_company_is_as_large_as_promised(company: Path) -> None:
    employees = read(company, "systems/hr/employees.json")
    reps = [e for e in employees if e["position"] == "sales_rep"]
    assert len(employees) >= 240
    assert len(reps) >= 200
    assert len({e["orgPath"] for e in reps}) == 12
    assert len({e["regionName"] for e in reps}) == 3
    assert len({e["name"] for e in employees}) == len(employees)
    assert all(e["email"].endswith(".example") for e in employees)
    customers = read(company, "history/customers.json")
    assert len(customers) == 60
    assert all(uscc.is_valid(customer["uscc"]) for customer in customers)
    assert len(read(company, "history/deals.json")) == 200


def test_sales_cover_36_months_of_every_series(company: Path) -> None:
    with (company / "history/pos_sales.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    series = {(row["region"], row["category"], row["sku"]) for row in rows}
    assert len({row["date"][:7] for row in rows}) == 36
    assert len(rows) == len(series) * len({row["date"] for row in rows})


@pytest.mark.spec("N2.2")
def test_statements_join_without_holes(company: Path) -> None:
    statements = read(company, "history/bank_statements.json")["statements"]
    assert [s["sequence"] for s in statements] == list(range(1, 7))
    keys = [(entry["bookedOn"], entry["serial"]) for s in statements for entry in s["entries"]]
    assert len(keys) == len(set(keys))


def test_order_lines_add_up_and_amounts_tell_receivables_apart(company: Path) -> None:
    orders = read(company, "systems/erp/orders.json")
    for order in orders:
        assert sum(float(line["Amount"]) for line in order["Lines"]) == float(order["TotalAmount"])
    receivables = read(company, "systems/erp/receivables.json")
    twins = [r for r in receivables if r["Amount"] == "86400.00"]
    others = [r["Amount"] for r in receivables if r not in twins]
    assert len(twins) == 2
    assert len(others) == len(set(others))


def test_the_star_won_21_of_50(company: Path) -> None:
    star = read(company, "company.json")["cast"]["star"]
    claimed = [d for d in read(company, "history/deals.json") if d["ownerId"] == star and d["lastClaim"] >= 0.8]
    assert (len(claimed), sum(deal["won"] for deal in claimed)) == (50, 21)


@pytest.mark.spec("N11.1")
def test_papers_of_the_company_match_but_for_a_few(company: Path) -> None:
    orders = {order["OrderId"]: order for order in read(company, "systems/erp/orders.json")}
    invoiced: dict[str, float] = {}
    for paper in read(company, "systems/erp/invoices.json"):
        invoiced[paper["OrderId"]] = invoiced.get(paper["OrderId"], 0) + float(paper["Amount"])
    off = {order: round(fen - float(orders[order]["TotalAmount"]), 2) for order, fen in invoiced.items()}
    assert sorted(gap for gap in off.values() if abs(gap) == 10_000) == [-10_000, 10_000], "one cancels the other"
    assert 0 < sum(gap != 0 for gap in off.values()) < len(orders) / 5
    delivered = [paper["OrderId"] for paper in read(company, "systems/erp/deliveries.json")]
    assert len(delivered) == len(set(delivered)) < len(orders)
