"""Part 3: on the 18th finance says 103 %, sales 78 %. Every fen between the two is in a row, every row in one class."""

from __future__ import annotations

from closeloop_cli.demo.bank_upgrade import doors
from closeloop_cli.demo.bank_upgrade.part1_hole import put_out
from closeloop_cli.demo.day import Day
from closeloop_cli.demo.hr_outage.doors import at
from closeloop_cli.demo.telling import yuan
from closeloop_cli.load.history import read, run_feed

WORDS = {
    "definition": "definition: given back, which finance still counts",
    "unsynchronised": "unsynchronised: the bank has it, its feed did not bring it",
    "manual": "manual: only a voucher vouches for it, or nothing",
    "unclaimed": "unclaimed: nobody knows whose it is",
    "timing": "timing: another month by the contract's due date",
}


def tell(day: Day) -> None:
    day.time.leap_to(at(day, "+7 18:00"))
    put_out(day, 13)
    run_feed(day.person("operations"), "bank")
    give_back(day)
    day.time.leap_to(at(day, "+8 09:00"))
    enter_board(day)
    told = doors.compare(day, doors.outside(day), {"figure": "FIGURE_COLLECTED_BY_DUE"})
    expected, teller, target = day.expected, day.teller, day.expected["target"]
    finance, sales = (int(told[side]["total"]["fen"]) for side in ("a", "b"))
    teller.figure(f"finance: {{}}, {doors.share(finance, target)}", expected["finance"], finance, yuan)
    teller.figure(f"sales:   {{}}, {doors.share(sales, target)}", expected["sales"], sales, yuan)
    teller.check("in per cent", ("103 %", "78 %"), (doors.share(finance, target), doors.share(sales, target)))
    print_bridge(day, told)
    day.show_last_call(day.person("finance"))
    export(day)


def give_back(day: Day) -> None:
    """What went back to a customer is put to its receipt: by a rule, or by finance where no rule is sure."""
    day.settle()
    for refund in day.person("finance").every("/api/v1/refunds", "refunds"):
        (receipt,) = (each for each in doors.receipts(day) if each["amount"] == refund["amount"])
        day.person("finance").post(f"/api/v1/receipts/{receipt['receiptId']}:refund", {"refundId": refund["refundId"]})
    day.settle()


def enter_board(day: Day) -> None:
    """The total that was pasted into the BI board, with the sheet behind it."""
    board, sheet = (
        read(day.layout.company / "story/board.json"),
        (day.layout.company / "story/finance.csv").read_bytes(),
    )
    file = day.person("finance").upload("finance.csv", sheet, "text/csv")
    body = {
        "name": board["name"],
        "period": doors.PERIOD,
        "total": {"fen": str(board["fen"]), "currency": "CNY"},
        "fileId": file,
        "source": "BI 看板",
    }
    figure = day.person("finance").post("/api/v1/outside-figures", body)["figure"]
    day.kept["board"] = figure["figureId"]
    day.teller.say(f"finance's figure is entered with its {figure['rows']} rows, in GB18030")


def print_bridge(day: Day, told: dict[str, object]) -> None:
    expected, teller = day.expected, day.teller
    sums, rows = doors.classes(told, "fen"), doors.classes(told, "rows")
    for name, text in WORDS.items():
        teller.figure(f"   {{}}  {text}", expected["classes"].get(name, 0), sums.get(name, 0), yuan)
    teller.check("rows by class", expected["rows"], dict(sorted(rows.items())))
    apart = expected["finance"] - expected["sales"]
    teller.figure("   {}  in all, to the fen", apart, sum(sums.values()), yuan)
    teller.check("residual", {"fen": "0", "currency": "CNY"}, told["residual"])


def export(day: Day) -> None:
    asked = {"period": doors.PERIOD, "a": doors.outside(day), "b": {"figure": "FIGURE_COLLECTED_BY_DUE"}}
    csv = str(day.person("finance").post("/api/v1/figures:export", asked)["csv"])
    rows = sum(line.split(",")[0] in WORDS for line in csv.splitlines())
    day.teller.figure("{} rows in the CSV", sum(day.expected["rows"].values()), rows)
