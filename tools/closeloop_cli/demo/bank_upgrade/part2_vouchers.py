"""Part 2: some of the 37 are entered by hand. Without voucher, twice, or by one person alone it can't be done."""

from __future__ import annotations

from typing import Any

from closeloop_cli.demo.bank_upgrade import doors
from closeloop_cli.demo.day import Day
from closeloop_cli.demo.hr_outage.doors import at
from closeloop_cli.load.history import read

PATH = "/api/v1/back-entries"


def tell(day: Day) -> None:
    day.time.leap_to(at(day, "+2 10:00"))
    entered = read(day.layout.company / "story/back_entries.json")
    scan = (day.layout.company / "story/voucher.pdf").read_bytes()
    file = day.person("finance").upload("voucher.pdf", scan, "application/pdf")
    vouchers = [each["voucher"] | {"scanFileId": file} for each in entered]
    what_is_refused(day, vouchers[0])
    posted: list[str] = []
    waiting: list[str] = []
    for each, voucher in zip(entered, vouchers, strict=True):
        entry = submit(day, voucher)
        approve(day, "supervisor", entry)
        (posted if each["posted"] else waiting).append(entry)
    approved_alone(day, posted[0])
    done = [approve(day, "director", entry) for entry in posted]
    day.settle()
    day.kept["posted"], day.kept["waiting"] = posted, waiting
    expected, teller = day.expected["entered"], day.teller
    teller.figure("{} posted: voucher, finance supervisor, sales director", expected["posted"], len(done))
    teller.figure("{} wait for the sales director", expected["waiting"], len(waiting))
    counted = {each["receiptId"] for each in doors.receipts(day)}
    teller.check("each posted one is a receipt", True, all(each["receiptId"] in counted for each in done))
    twice = vouchers[0] | {"voucherNumber": vouchers[0]["voucherNumber"].lower().replace("-", " "), "bankSerial": "77"}
    reason = doors.refusal(day, "finance", PATH, twice)
    teller.figure("the same voucher again, written otherwise: {}", "VOUCHER_ALREADY_USED", reason)
    day.show_last_call(day.person("director"))


def what_is_refused(day: Day, voucher: dict[str, Any]) -> None:
    day.teller.figure(
        "without a voucher: {}", "INVALID_INPUT", doors.refusal(day, "finance", PATH, voucher | {"voucherNumber": ""})
    )
    no_scan = voucher | {"scanFileId": "0" * 64}
    day.teller.figure("without its scan: {}", "NO_SUCH_FILE", doors.refusal(day, "finance", PATH, no_scan))


def approved_alone(day: Day, entry: str) -> None:
    alone = doors.refusal(day, "finance", f"{PATH}/{entry}:approve", {})
    day.teller.figure("approved by its own author: {}", "DUTY_REQUIRED", alone)
    again = doors.refusal(day, "supervisor", f"{PATH}/{entry}:approve", {})
    day.teller.figure("approved twice by the same supervisor: {}", "NOT_YET_YOURS", again)


def submit(day: Day, voucher: dict[str, Any]) -> str:
    entry = str(day.person("finance").post(PATH, voucher)["backEntry"]["backEntryId"])
    day.person("finance").post(f"{PATH}/{entry}:submit", {})
    return entry


def approve(day: Day, role: str, entry: str) -> dict[str, Any]:
    return dict(day.person(role).post(f"{PATH}/{entry}:approve", {})["backEntry"])
