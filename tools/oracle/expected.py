"""The figures that the day must give, from the seed folder alone: `python -m tools.oracle.expected <folder>` → JSON.

Shares no code with the services, the chassis, or what made the company up: the formulas of the specification are
written down here a second time, plainly, so that a mistake in one of the two shows.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tools.oracle.assignment import Decision, Office, replay
from tools.oracle.leads import Outcome, read_rows, take_in
from tools.oracle.money import Facts, Ledger, attainment, counted, credibility, slips


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __getitem__(self, name: str) -> Any:
        return json.loads((self.path / name).read_text(encoding="utf-8"))


def expected(folder: Folder) -> dict[str, Any]:
    company = folder["company.json"]
    employees, customers = folder["systems/hr/employees.json"], folder["history/customers.json"]
    rows = take_in(read_rows(folder.path / "day/leads.csv"), customers)
    at = datetime.fromisoformat(company["startsAt"])
    office = Office(employees, folder["history/rep_profiles.json"], folder["history/closed_leads.json"], at)
    decisions = replay(rows.taken, customers, office)
    return {
        "directory": directory(employees),
        "learned": learned(folder["history/closed_leads.json"]),
        "import": taken_in(rows),
        "owners": {str(decision.row): decision.winner for decision in decisions},
        "how": dict(Counter(decision.how for decision in decisions)),
        "explained": explained(company, decisions),
        "forecast": forecast(folder, company),
        "slips": bonuses(folder, employees, customers),
        "money": money(folder, employees),
        "sales": sales(folder),
        "jump": jump(rows),
    }


def directory(employees: list[dict[str, Any]]) -> dict[str, Any]:
    reps = [e for e in employees if e["position"] == "sales_rep"]
    return {
        "employees": len(employees),
        "reps": len(reps),
        "activeReps": sum(rep["status"] == "ACTIVE" for rep in reps),
        "teams": len({rep["orgPath"] for rep in reps}),
    }


def learned(closed: list[dict[str, Any]]) -> dict[str, int]:
    """The first three fifths of the closed leads teach (LD11.1)."""
    by_time = sorted(closed, key=lambda lead: datetime.fromisoformat(lead["closedAt"]))
    teaching = by_time[: len(by_time) * 3 // 5]
    return {
        "leads": len(teaching),
        "won": sum(lead["won"] for lead in teaching),
        "judged": len(by_time) - len(by_time) * 4 // 5,
    }


def taken_in(rows: Outcome) -> dict[str, Any]:
    return {
        "rowsRead": rows.rows,
        "created": len(rows.taken),
        "appended": len(rows.appended),
        "failed": len(rows.errors),
        "errors": {str(row): field for row, field in rows.errors.items()},
        "grades": dict(Counter(lead.grade for lead in rows.taken)),
        "ofCustomers": sum(lead.customer is not None for lead in rows.taken),
        "companies": {str(lead.row): lead.company for lead in rows.taken},
        "phones": {str(lead.row): lead.phone for lead in rows.taken},
    }


def explained(company: dict[str, Any], decisions: list[Decision]) -> dict[str, Any]:
    """The lead of the story: its winner, the parts of the score, and those of the candidate who came next."""
    decision = next(d for d in decisions if d.row == company["rows"]["explained"])
    others = {who: score for who, score in decision.scores.items() if who != decision.winner}
    next_best = min(others, key=lambda who: (-others[who], who))
    return {
        "winner": decision.winner,
        "score": decision.score,
        "weights": decision.weights,
        "parts": decision.parts,
        "candidates": len(decision.scores),
        "quota": decision.quota,
        "meanLoad": decision.mean_load,
        "other": {"employeeId": next_best, "score": others[next_best], "parts": decision.all_parts[next_best]},
    }


def forecast(folder: Folder, company: dict[str, Any]) -> dict[str, Any]:
    known = credibility(folder["history/deals.json"], company["cast"]["star"])
    accuracy = str(known["accuracy"])
    return known | {"at3": counted("0.9", accuracy, 3), "at5": counted("0.9", accuracy, 5), "cap3": 0.80}


def bonuses(folder: Folder, employees: list[dict[str, Any]], customers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    facts = Facts(
        {customer["customerCode"]: customer["customerClass"] for customer in customers},
        {e["employeeId"]: date.fromisoformat(e["hiredOn"]) for e in employees},
    )
    return slips(folder["day/orders.json"]["orders"], folder["systems/erp/orders.json"], facts)


def money(folder: Folder, employees: list[dict[str, Any]]) -> dict[str, Any]:
    """Before the day's statement, after it, and after a person claimed what waits."""
    units = {e["employeeId"]: e["orgPath"] for e in employees}
    targets = folder["history/targets.json"]
    ledger = Ledger(folder["systems/erp/receivables.json"])
    for statement in folder["history/bank_statements.json"]["statements"]:
        for entry in statement["entries"]:
            ledger.book(entry)
    before = {"attainment": attainment(ledger, targets, units), **totals(ledger)}
    ledger.add(folder["day/receivables.json"]["receivables"])
    for entry in folder["day/bank.json"]["entries"]:
        ledger.book(entry)
    after = {"attainment": attainment(ledger, targets, units), **totals(ledger)}
    (left,) = ledger.waiting
    choice = ledger.candidates[left["reference"]]
    ledger.claim_by_person(choice[0], left)
    final = {"attainment": attainment(ledger, targets, units), **totals(ledger)}
    return {"before": before, "after": after, "final": final, "candidates": choice, "units": units}


def totals(ledger: Ledger) -> dict[str, Any]:
    waiting = sum(int(float(entry["amount"]) * 100) for entry in ledger.waiting)
    by_person = sum(amount for _, _, amount, method in ledger.claims if method == "person")
    return {
        "claimed": ledger.collected(),
        "waiting": waiting,
        "receipts": len(ledger.claims) + len(ledger.waiting),
        "waitingReceipts": len(ledger.waiting),
        "methods": dict(Counter(method for _, _, _, method in ledger.claims)),
        "automaticShare": (ledger.collected() - by_person) / ledger.collected(),
        "byContract": {contract: amount for _, contract, amount, _ in ledger.claims},
    }


def sales(folder: Folder) -> dict[str, Any]:
    lines = (folder.path / "history/pos_sales.csv").read_text(encoding="utf-8").splitlines()[1:]
    months = {line[:7] for line in lines}
    units = sum(int(line.split(",")[4]) for line in lines)
    amount = sum(int(line.split(",")[5].removesuffix(".00")) for line in lines)
    return {"rows": len(lines), "months": len(months), "units": units, "fen": amount * 100}


# Of the story's leads one was visited and converted; one archived its chat, one was called, one was written to.
CONVERTED, CONTACTED = 1, 3


def jump(rows: Outcome) -> dict[str, Any]:
    """A day later: who was never contacted goes through all clocks and back to the pool 24 h after its assignment.

    Those contacted ten minutes later are warned with the others, and go back ten minutes after them; the one who was
    written to and never answered is marked yellow first (LD5, LD6.1).
    """
    untouched = len(rows.taken) - CONVERTED - CONTACTED
    return {
        "reminded": untouched,
        "popups": untouched,
        "mails": untouched,
        "warned": untouched + CONTACTED,
        "recycled": untouched,
        "recycledLater": CONTACTED,
        "yellowByReply": 1,
    }


if __name__ == "__main__":
    json.dump(expected(Folder(Path(sys.argv[1]))), sys.stdout, ensure_ascii=False, indent=1)
