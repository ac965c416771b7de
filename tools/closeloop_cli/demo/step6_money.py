"""Step 6: the bank statement arrives; receipts are claimed, one waits, attainment moves, forecast and bank agree."""

from __future__ import annotations

from collections import Counter
from typing import Any

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.telling import percent, yuan
from closeloop_cli.load.history import read, run_feed

WORDS = {
    "exact_account": "virtual account",
    "exact_contract": "contract number",
    "strong_payer_amount": "known payer and amount",
}


def tell(day: Day) -> None:
    figures(day, "before", "before the statement")
    operations = day.person("operations")
    day.simulate("erp", "receivables", read(day.layout.company / "day/receivables.json"))
    run_feed(operations, "erp_receivables")
    day.simulate("bank", "entries", read(day.layout.company / "day/bank.json"))
    run = run_feed(operations, "bank")
    day.teller.figure("{} new entries on the statement", 3, run["recordsNew"])
    day.settle()
    check_receipts(day)
    figures(day, "after", "after the statement")
    agree(day)


def check_receipts(day: Day) -> None:
    expected, finance = day.expected["money"], day.person("finance")
    receipts = finance.every("/api/v1/receipts", "receipts", month=day.company["month"])
    methods = Counter(row["method"] for row in attainment_rows(day, "company", "/HQ/"))
    for method, count in expected["after"]["methods"].items():
        day.teller.figure(f"{{}} claimed by {WORDS[method]}", count, methods[method])
    waiting = [receipt for receipt in receipts if receipt["state"] == "RECEIPT_STATE_WAITING"]
    day.teller.figure("{} receipt waits for a person", expected["after"]["waitingReceipts"], len(waiting))
    receipt = finance.get(f"/api/v1/receipts/{waiting[0]['receiptId']}")["receipt"]
    best = receipt["candidates"][: len(expected["candidates"])]
    ranked = [candidate["contractNumber"] for candidate in best]
    day.teller.figure("first candidates for it: {}", expected["candidates"], ranked, ", ".join)
    for candidate in best:
        day.teller.say(f"  {candidate['rank']}. {candidate['contractNumber']}: {candidate['why']}")
    day.show_last_call(finance)
    day.kept["waiting"] = receipt


def figures(day: Day, moment: str, words: str) -> None:
    """Every line of attainment, from the company to each rep, and the totals of the bank."""
    expected, finance = day.expected["money"][moment], day.person("finance")
    summary = finance.get("/api/v1/collections", month=day.company["month"])
    day.teller.figure(f"{words}: {{}} claimed", expected["claimed"], int(summary["claimed"]["fen"]), yuan)
    day.teller.check("waiting", str(expected["waiting"]), summary["waiting"]["fen"])
    day.teller.check("receipts", expected["receipts"], summary["receipts"])
    day.teller.check("automatic share", round(expected["automaticShare"], 6), round(summary["automaticShare"], 6))
    lines = day.person("operations").get("/api/v1/attainment", month=day.company["month"])["lines"]
    found = {line["subject"]: money(line) for line in lines}
    day.teller.check("attainment of every rep, team, region", expected["attainment"], found)
    headquarters = found.get("/HQ/", {"collected": 0, "target": 1})
    share = percent(headquarters["collected"] / headquarters["target"])
    day.teller.say(f"company: {yuan(headquarters['collected'])} of {yuan(headquarters['target'])}, {share}")


def money(line: dict[str, Any]) -> dict[str, int]:
    return {"collected": int(line["collected"]["fen"]), "target": int(line["target"]["fen"])}


def attainment_rows(day: Day, level: str, subject: str) -> list[dict[str, Any]]:
    """The claims behind one line of attainment."""
    of_line = {"month": day.company["month"], "level": level, "subject": subject}
    return day.person("operations").every("/api/v1/attainment/rows", "rows", **of_line)


def agree(day: Day) -> None:
    """The forecast's collected amount of the deal is what was claimed for its contract."""
    contract = day.company["contracts"]["keyAccount"]
    claimed = day.expected["money"]["after"]["byContract"][contract]
    opportunity = day.person("star").get(f"/api/v1/opportunities/{day.kept['opportunity']}")["opportunity"]
    collected = int(opportunity["collected"]["fen"])
    day.teller.figure(f"collected on {contract} as the forecast sees it: {{}}", claimed, collected, yuan)
    star = day.company["cast"]["star"]
    lines = day.person("operations").get("/api/v1/attainment", month=day.company["month"], subject=star)["lines"]
    opened = sum(int(row["amount"]["fen"]) for row in attainment_rows(day, "rep", star))
    collected = int(lines[0]["collected"]["fen"])
    day.teller.figure("rows behind the star's attainment add up to {}", collected, opened, yuan)
