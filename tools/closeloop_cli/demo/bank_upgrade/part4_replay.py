"""Part 4: the bank tells all of it again. 37 receipts, each once, whatever was entered before, between or after."""

from __future__ import annotations

from closeloop_cli.demo.bank_upgrade import doors
from closeloop_cli.demo.bank_upgrade.part2_vouchers import PATH, approve
from closeloop_cli.demo.bank_upgrade.part3_two_figures import print_bridge
from closeloop_cli.demo.day import Day
from closeloop_cli.demo.telling import yuan
from closeloop_cli.load.history import run_feed


def tell(day: Day) -> None:
    teller, expected = day.teller, day.expected
    day.simulate("bank", "fault", {"mode": "none"})
    run = run_feed(day.person("operations"), "bank")
    day.settle()
    new = expected["lost"]["receipts"] - expected["entered"]["posted"]
    teller.figure("the bank's re-pull brings {} receipts that nobody had", new, run["recordsNew"])
    linked = [approve(day, "director", entry) for entry in day.kept["waiting"]]
    teller.figure(
        "{} approved after the bank told of them: linked, nothing added",
        expected["entered"]["waiting"],
        sum(bool(each.get("confirmedAt")) for each in linked),
    )
    each_once(day)
    too_late(day)
    one_definition(day)
    teller.say("The bridge of the 18th, as the figures were known then:")
    print_bridge(day, doors.compare(day, doors.outside(day), doors.SALES))


def each_once(day: Day) -> None:
    expected, teller, finance = day.expected, day.teller, day.person("finance")
    found = [each for each in doors.receipts(day) if each["serial"] in set(expected["hidden"])]
    teller.figure("{} receipts of 1–9 February", [expected["lost"]["receipts"]], [len(found)], lambda it: str(it[0]))
    teller.check("each once", expected["hidden"], sorted(each["serial"] for each in found))
    money = sum(int(each["amount"]["fen"]) for each in found)
    teller.figure("{} in all", expected["lost"]["fen"], money, yuan)
    claimed = sum(each["state"] == "RECEIPT_STATE_CLAIMED" for each in found)
    teller.figure("{} of them are claimed", expected["lost"]["receipts"], claimed)
    waiting = finance.every(PATH, "backEntries", unconfirmedOnly=True)
    teller.figure("{} back-entries that the bank has not confirmed", 0, len(waiting))
    before = doors.collections(day)
    again = run_feed(day.person("operations"), "bank")
    day.settle()
    teller.figure("a second re-pull brings {}", 0, again["recordsNew"])
    teller.check("and moves nothing", before, doors.collections(day) | {"provenance": before["provenance"]})


def too_late(day: Day) -> None:
    """The other order: the bank was first."""
    serial = next(iter(day.expected["hidden"][::-1]))
    (told,) = (each for each in doors.receipts(day) if each["serial"] == serial)
    scan = (day.layout.company / "story/voucher.pdf").read_bytes()
    voucher = {
        "voucherNumber": "PZ-2026-02-9999",
        "scanFileId": day.person("finance").upload("voucher.pdf", scan, "application/pdf"),
        "account": day.company["account"],
        "bookedOn": told["bookedOn"],
        "bankSerial": serial,
        "amount": told["amount"],
        "payerName": told["payerName"],
        "reason": "补录",
    }
    refused = doors.refusal(day, "finance", PATH, voucher)
    day.teller.figure("one more voucher for what the bank has told: {}", "ALREADY_TOLD_BY_BANK", refused)


def one_definition(day: Day) -> None:
    """Finance and sales read one figure: arrived and claimed."""
    expected, teller = day.expected, day.teller
    found = doors.collections(day)
    teller.figure("collected: {}", expected["collected"], int(found["claimed"]["fen"]), yuan)
    teller.say(f"       by {found['provenance']['definition']}")
    teller.figure("the bank's feed is {}", "FEED_HEALTH_HEALTHY", doors.feed(day)["health"])
    teller.check("no longer provisional", False, found["provenance"]["provisional"])
    standing = day.person("head").get("/api/v1/attainment", month=day.company["month"], level="company")["lines"][0]
    teller.figure("the attainment of the month counts the same: {}", expected["collected"], collected(standing), yuan)
    teller.say(f"       {doors.share(expected['collected'], expected['target'])} of the target")


def collected(line: dict[str, dict[str, str]]) -> int:
    return int(line["collected"]["fen"])
