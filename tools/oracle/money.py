"""Receipts, claims and attainment of the month (N4.1, T2.1), bonuses (I1, I2) and what a claim counts as (F3.1)."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

CONTRACT = re.compile(r"CL-\d{4}-\d{4}")


@dataclass
class Ledger:
    """Open amounts by receivable; each claim as (salesperson, contract, fen, method); waiting entries."""

    receivables: list[dict[str, Any]]
    open: dict[str, int] = field(default_factory=dict)
    claims: list[tuple[str, str, int, str]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    candidates: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.open = {r["ReceivableId"]: fen(r["Amount"]) for r in self.receivables}

    def add(self, receivables: list[dict[str, Any]]) -> None:
        self.receivables = [*self.receivables, *receivables]
        self.open |= {r["ReceivableId"]: fen(r["Amount"]) for r in receivables}

    def book(self, entry: dict[str, Any]) -> None:
        """Exact by virtual account or contract number; strong by a known payer and the amount, if only one fits."""
        if entry["direction"] != "CRDT":
            return
        amount = fen(entry["amount"])
        found = CONTRACT.search(entry["remark"])
        by_account = [
            r for r in self.payable() if entry["creditedAccount"] and r["VirtualAccount"] == entry["creditedAccount"]
        ]
        by_contract = [r for r in self.payable() if found and r["ContractNo"] == found[0]]
        by_payer = [
            r
            for r in self.payable()
            if entry["payerName"] in r["PayerNames"] and self.open[r["ReceivableId"]] == amount
        ]
        if by_account:
            self.claim(by_account[0], amount, "exact_account")
        elif by_contract:
            self.claim(by_contract[0], amount, "exact_contract")
        elif len({r["ContractNo"] for r in by_payer}) == 1:
            self.claim(min(by_payer, key=lambda r: str(r["DueOn"])), amount, "strong_payer_amount")
        else:
            self.waiting.append(entry)
            ranked = sorted(by_payer, key=lambda r: (r["DueOn"], r["ReceivableId"]))
            self.candidates[entry["reference"]] = [r["ContractNo"] for r in ranked]

    def payable(self) -> list[dict[str, Any]]:
        return [r for r in self.receivables if self.open[r["ReceivableId"]] > 0]

    def claim(self, receivable: dict[str, Any], amount: int, method: str) -> None:
        self.open[receivable["ReceivableId"]] -= amount
        self.claims.append((receivable["SalespersonId"], receivable["ContractNo"], amount, method))

    def claim_by_person(self, contract: str, entry: dict[str, Any]) -> None:
        receivable = next(r for r in self.receivables if r["ContractNo"] == contract)
        self.claim(receivable, fen(entry["amount"]), "person")
        self.waiting.remove(entry)

    def collected(self) -> int:
        return sum(amount for _, _, amount, _ in self.claims)


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


def attainment(ledger: Ledger, targets: list[dict[str, Any]], units: dict[str, str]) -> dict[str, dict[str, int]]:
    """Collected and target in fen by subject: a claim counts for the rep and every unit above."""
    collected: dict[str, int] = defaultdict(int)
    for salesperson, _, amount, _ in ledger.claims:
        collected[salesperson] += amount
        for path in paths(units[salesperson]):
            collected[path] += amount
    return {
        row["subject"]: {"collected": collected[row["subject"]], "target": int(row["target"]["fen"])} for row in targets
    }


def paths(unit: str) -> list[str]:
    """ "/HQ/EAST/HZ1/" → itself and all above."""
    parts = unit.strip("/").split("/")
    return ["/" + "/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1)]


def credibility(deals: list[dict[str, Any]], rep: str) -> dict[str, Any]:
    """Won of those last claimed at 80 % or more (F3.1)."""
    claimed = [deal for deal in deals if deal["ownerId"] == rep and deal["lastClaim"] >= 0.8]
    won = sum(deal["won"] for deal in claimed)
    return {"n": len(claimed), "won": won, "accuracy": float(Decimal(won) / Decimal(len(claimed)))}


CAPS = {0: "0.40", 1: "0.55", 2: "0.70", 3: "0.80", 4: "0.90"}


def counted(claim: str, accuracy: str, level: int) -> float:
    """min(claim × accuracy, cap of the evidence level); the signed document counts in full."""
    if level == 5:
        return 1.0
    return float(min(Decimal(claim) * Decimal(accuracy), Decimal(CAPS[level])))


def slips(orders: list[dict[str, Any]], past: list[dict[str, Any]], facts: Facts) -> list[dict[str, Any]]:
    """The two shipped rules: a key account's first order from 50,000 with technical service earns 500, a newcomer's
    first order from 10,000 earns 200; first by signing time."""
    known = sorted([*past, *orders], key=lambda order: (instant(order["SignedAt"]), order["OrderId"]))
    found = []
    for order in orders:
        earlier = known[: known.index(order)]
        first_of_customer = all(o["CustomerCode"] != order["CustomerCode"] for o in earlier)
        first_of_rep = all(o["SalespersonId"] != order["SalespersonId"] for o in earlier)
        amount, rep = fen(order["TotalAmount"]), order["SalespersonId"]
        is_key = facts.customer_class[order["CustomerCode"]] == "KA"
        if is_key and first_of_customer and amount >= 50_000_00 and order["TechnicalService"]:
            found.append({"contract": order["ContractNo"], "beneficiary": rep, "fen": 500_00})
        if facts.tenure(rep, instant(order["SignedAt"]).date()) < 90 and first_of_rep and amount >= 10_000_00:
            found.append({"contract": order["ContractNo"], "beneficiary": rep, "fen": 200_00})
    return found


@dataclass(frozen=True)
class Facts:
    customer_class: dict[str, str]
    hired_on: dict[str, date]

    def tenure(self, rep: str, at: date) -> int:
        return (at - self.hired_on[rep]).days


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
