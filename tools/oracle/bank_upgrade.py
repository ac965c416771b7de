"""The figures that the story of the bank's upgrade must give: `python -m tools.oracle.bank_upgrade <folder>` → JSON.

Shares no code with the services or with what made the company up. Each class is written down plainly, from the files:
what the bank booked, what is due when, what was entered by hand, what finance's sheet and board say.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

MONTH = "2026-02"


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


def expected(folder: Path) -> dict[str, Any]:
    def read(name: str) -> Any:
        return json.loads((folder / name).read_text(encoding="utf-8"))

    company, board = read("company.json"), read("story/board.json")
    due = {each["ContractNo"]: each["DueOn"][:7] for each in read("systems/erp/receivables.json")}
    told = read("history/bank_statements.json")["statements"] + read("story/after_upgrade.json")["statements"]
    lost = {int(each) for each in company["lost"]}
    booked = [(entry, each["sequence"] in lost) for each in told for entry in each["entries"]]
    by_hand = {each["voucher"]["bankSerial"]: each["posted"] for each in read("story/back_entries.json")}
    back = {entry["payerName"] for entry, _ in booked if entry["direction"] == "DBIT"}
    with (folder / "story/finance.csv").open(encoding="gb18030", newline="") as sheet:
        listed = sum(fen(row["金额"]) for row in csv.DictReader(sheet))

    sums: Counter[str] = Counter({"manual": board["fen"] - listed})
    rows: Counter[str] = Counter({"manual": 1})
    sales = collected = 0
    for entry, is_lost in booked:
        if entry["direction"] == "DBIT":
            continue
        amount, contract = fen(entry["amount"]), entry["remark"].split()[-1]
        in_month, is_due = entry["bookedOn"].startswith(MONTH), due.get(contract) == MONTH
        known = not is_lost or by_hand.get(entry["serial"], False)
        given = entry["payerName"] in back
        claimed = contract in due and not given
        counts = known and claimed and is_due
        sales += amount if counts else 0
        collected += amount if claimed and in_month else 0
        if in_month == counts:
            continue
        kind = "timing" if claimed else "unclaimed"
        if by_hand.get(entry["serial"]):
            kind = "manual"
        kind = kind if known else "unsynchronised"
        kind = "definition" if given else kind
        sums[kind] += amount if in_month else -amount
        rows[kind] += 1
    return {
        "finance": board["fen"],
        "sales": sales,
        "collected": collected,
        "target": company["targetFen"],
        "classes": {kind: sums[kind] for kind in sorted(sums)},
        "rows": {kind: rows[kind] for kind in sorted(rows)},
        "lost": {
            "receipts": sum(is_lost for _, is_lost in booked),
            "fen": sum(fen(e["amount"]) for e, x in booked if x),
        },
        "entered": {"posted": sum(by_hand.values()), "waiting": len(by_hand) - sum(by_hand.values())},
        "hidden": sorted(entry["serial"] for entry, is_lost in booked if is_lost),
    }


if __name__ == "__main__":
    json.dump(expected(Path(sys.argv[1])), sys.stdout, ensure_ascii=False, indent=1)
