"""Writes the company of the story: an education-equipment agent with a dozen people and one account."""

from __future__ import annotations

import csv
import io
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from closeloop_cli.company.contracts import ACCOUNT, BANK
from closeloop_cli.company.day import document
from closeloop_cli.company.write import put, put_bytes
from closeloop_cli.demo.bank_upgrade.money import FINANCE_SAYS, TARGET, Receipt, receipts

NAME = "启明教育装备有限公司"
OPENING = "2000000.00"
HEAD, OPERATIONS, CLERK, SUPERVISOR, DIRECTOR, MANAGER, CIO = (f"E0000{number}" for number in range(1, 8))
REPS = tuple(f"E0010{number}" for number in range(1, 6))
TEAM, REGION = "/HQ/EAST/NJ1/", "/HQ/EAST/"
PEOPLE = (
    (HEAD, "沈立", "vp_sales", "/HQ/", None),
    (OPERATIONS, "曹颖", "sales_ops", "/HQ/", HEAD),
    (CLERK, "谢玲", "finance_clerk", "/HQ/", HEAD),
    (SUPERVISOR, "郑慧", "finance_supervisor", "/HQ/", HEAD),
    (DIRECTOR, "罗杰", "region_director", REGION, HEAD),
    (MANAGER, "冯涛", "team_manager", TEAM, DIRECTOR),
    (CIO, "许思远", "cio", "/HQ/", HEAD),
    *((rep, f"销售{rep[-1]}", "sales_rep", TEAM, MANAGER) for rep in REPS),
)
MADE_OF = ("tools/closeloop_cli/demo/bank_upgrade/company.py", "tools/closeloop_cli/demo/bank_upgrade/money.py")
# The interface was upgraded on the 10th: what it tells from then on, and the nine days it lost.
TOLD_BEFORE, LOST, AFTER = (1, 2), tuple(range(3, 12)), (12, 13)
UPGRADE = date(2026, 2, 10)


def write_story(folder: Path) -> None:
    money = receipts()
    put(folder / "systems/hr/employees.json", [employee(*each) for each in PEOPLE])
    put(folder / "systems/hr/units.json", units())
    put(folder / "systems/erp/orders.json", [])
    put(folder / "systems/erp/receivables.json", [receivable(each) for each in money if each.group.due])
    account = {"account": ACCOUNT, "bank": BANK, "name": NAME, "currency": "CNY", "opening": OPENING}
    put(folder / "systems/bank/accounts.json", [account])
    told = statements(money)
    put(folder / "history/bank_statements.json", {"statements": [each for each in told if each["sequence"] in (1, 2)]})
    put(folder / "history/targets.json", targets())
    put(folder / "story/after_upgrade.json", {"statements": [each for each in told if each["sequence"] > 2]})
    put(folder / "story/back_entries.json", [back_entry(each) for each in money if each.group.entered])
    put_bytes(folder / "story/finance.csv", sheet(money).encode("gb18030"))
    put(folder / "story/board.json", {"name": "BI 看板：2 月回款", "fen": FINANCE_SAYS})
    put_bytes(folder / "story/voucher.pdf", document("Bank receipt voucher"))
    put(folder / "company.json", summary())


def summary() -> dict[str, Any]:
    return {
        "name": NAME,
        "loadingFrom": "2026-02-09T17:30:00+08:00",
        "startsAt": "2026-02-10T08:00:00+08:00",
        "month": "2026-02",
        "account": ACCOUNT,
        "targetFen": TARGET,
        "lost": [str(each) for each in LOST],
        "cast": {
            "head": HEAD,
            "operations": OPERATIONS,
            "finance": CLERK,
            "supervisor": SUPERVISOR,
            "director": DIRECTOR,
            "manager": MANAGER,
            "star": REPS[0],
        },
    }


def employee(employee_id: str, name: str, position: str, unit: str, boss: str | None) -> dict[str, Any]:
    return {
        "employeeId": employee_id,
        "name": name,
        "status": "ACTIVE",
        "orgPath": unit,
        "orgName": {"/HQ/": "总部", REGION: "华东", TEAM: "南京一部"}[unit],
        "regionName": "华东" if unit != "/HQ/" else "总部",
        "managerId": boss,
        "position": position,
        "hiredOn": "2022-03-01",
        "leftOn": None,
        "email": f"{employee_id.lower()}@closeloop.example",
        "wecomUserId": employee_id.lower(),
        "updatedAt": "2026-02-09T09:00:00+08:00",
    }


def units() -> list[dict[str, Any]]:
    tree = (("/HQ/", "总部", HEAD), (REGION, "华东", DIRECTOR), (TEAM, "南京一部", MANAGER))
    return [{"path": path, "name": name, "managerId": head} for path, name, head in tree]


def targets() -> list[dict[str, Any]]:
    """All levels the same sum: the story is about one figure."""
    each = TARGET // len(REPS)
    rows = [("company", "/HQ/", TARGET), ("region", REGION, TARGET), ("team", TEAM, TARGET)]
    rows += [("rep", rep, each) for rep in REPS]
    money = [{"fen": str(fen), "currency": "CNY"} for _, _, fen in rows]
    return [
        {"level": level, "subject": subject, "month": "2026-02", "target": target}
        for (level, subject, _), target in zip(rows, money, strict=True)
    ]


def receivable(paid: Receipt) -> dict[str, Any]:
    due = paid.group.due or UPGRADE
    return {
        "ReceivableId": f"AR-{paid.number:04d}",
        "ContractNo": paid.contract,
        "CustomerCode": f"C{paid.number:04d}",
        "CustomerName": paid.payer,
        "SalespersonId": REPS[paid.number % len(REPS)],
        "Currency": "CNY",
        "Amount": paid.amount,
        "DueOn": due.isoformat(),
        "VirtualAccount": None,
        "PayerNames": [paid.payer],
        "ModifiedAt": "2026-01-20T09:00:00+08:00",
        "Version": 1,
    }


def statements(money: list[Receipt]) -> list[dict[str, Any]]:
    """January, the first days of February as the old interface told them, nine that get lost, and two after."""
    found = []
    placed = sorted(money, key=lambda each: (sequence_of(each), each.number))
    for sequence, together in groupby(placed, key=sequence_of):
        entries = [entry(each) for each in together]
        if sequence == AFTER[-1]:
            entries += [given_back(each) for each in money if each.group.given_back]
        found.append(statement(sequence, entries))
    return found


def sequence_of(paid: Receipt) -> int:
    if paid.day.month == 1:
        return 1
    if paid.group.missing:
        return LOST[paid.day.day - 1]
    return 2 if paid.day < UPGRADE else AFTER[paid.day > UPGRADE]


def statement(sequence: int, entries: list[dict[str, Any]]) -> dict[str, Any]:
    ends = {1: "2026-01-31", 2: "2026-02-09", 12: "2026-02-10", 13: "2026-02-17"}
    day = ends.get(sequence) or f"2026-02-{sequence - 2:02d}"
    hour = "08:30" if sequence == AFTER[0] else "17:00"
    created = f"{day}T{hour}:00+08:00"
    return {"account": ACCOUNT, "sequence": sequence, "bookedOn": day, "createdAt": created, "entries": entries}


def entry(paid: Receipt, **changes: Any) -> dict[str, Any]:
    told = {
        "serial": paid.serial,
        "amount": paid.amount,
        "direction": "CRDT",
        "bookedOn": paid.day.isoformat(),
        "valueOn": paid.day.isoformat(),
        "payerName": paid.payer if paid.group.due else f"个人汇款{paid.number}",
        "payerAccount": f"6217{paid.number:012d}",
        "creditedAccount": None,
        "remark": f"货款 {paid.contract}" if paid.group.due else "汇款",
        "endToEndId": f"E2E{paid.number:08d}",
        "reference": f"REF{paid.number:08d}",
    }
    return told | changes


def given_back(paid: Receipt) -> dict[str, Any]:
    back = {"serial": f"9{paid.number:05d}", "reference": f"BACK{paid.number:08d}", "endToEndId": "NOTPROVIDED"}
    return entry(paid, direction="DBIT", bookedOn="2026-02-13", valueOn="2026-02-13", remark="退款", **back)


def back_entry(paid: Receipt) -> dict[str, Any]:
    """As the voucher says; a director approves only those that are posted before the 18th."""
    return {
        "posted": paid.group.entered == "posted",
        "voucher": {
            "voucherNumber": f"PZ-2026-02-{paid.number:04d}",
            "account": ACCOUNT,
            "bookedOn": paid.day.isoformat(),
            "bankSerial": paid.serial,
            "amount": {"fen": str(paid.fen), "currency": "CNY"},
            "payerName": paid.payer,
            "remark": f"货款 {paid.contract}",
            "reason": "银企直连 2 月 10 日升级，2 月 1–9 日流水缺失",
        },
    }


def sheet(money: list[Receipt]) -> str:
    """What the clerk had from e-banking: every credit of February."""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["日期", "流水号", "金额", "付款人"])
    for paid in money:
        if paid.day.month == 2:
            write.writerow([paid.day.isoformat(), paid.serial, paid.amount, entry(paid)["payerName"]])
    return out.getvalue()
