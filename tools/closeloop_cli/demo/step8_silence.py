"""Step 8: a lead is left alone and time moves on; what happens to all the others is counted too."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from closeloop_cli.business_time import SHANGHAI
from closeloop_cli.demo.day import Day

# Contacted leads go back ten minutes after the others (step 3 was ten minutes after the import).
AT_ONCE = 4
MAILING = 60.0  # seconds that the mails of one stop may take
FIRST_STOP, SECOND_STOP = timedelta(hours=24, minutes=5), timedelta(hours=24, minutes=20)


def tell(day: Day) -> None:
    expected, began = day.expected["jump"], datetime.fromisoformat(day.company["startsAt"])
    mails_before = sent_mails(day)
    stops = day.time.move_to(began + FIRST_STOP)
    day.teller.say(f"it is {day.time.now().astimezone(SHANGHAI):%A %H:%M}, after {stops} stops on the way")
    tell_silent(day)
    kinds = timeline_kinds(day)
    day.teller.figure("{} reminders at 30 min", expected["reminded"], kinds["reminded"])
    day.teller.figure("{} pop-ups at 2 h and e-mails at 4 h", expected["popups"] + expected["mails"], kinds["overdue"])
    day.teller.figure("{} e-mails to managers", expected["mails"], sent_mails(day) - mails_before)
    day.teller.figure("{} warnings at 20 h", expected["warned"], kinds["recycle_warning"])
    day.teller.figure("{} leads back in the pool at 24 h", expected["recycled"], kinds["recycled"])
    day.teller.check("no yellow mark by a missing reply yet", 0, kinds["yellow"])
    day.time.move_to(began + SECOND_STOP)
    back = [lead for lead in recycled(day) if lead.get("firstContactAt")]
    day.teller.figure("{} contacted leads follow ten minutes later", expected["recycledLater"], len(back))
    unanswered = [lead["leadId"] for lead in back if "No reply" in lead["reason"]]
    day.teller.figure("{} of them for want of a reply", expected["yellowByReply"], len(unanswered))
    day.teller.check("the one that was written to", [day.lead_of("written")], unanswered)


def tell_silent(day: Day) -> None:
    operations, path = day.person("operations"), f"/api/v1/leads/{day.lead_of('silent')}"
    lead = operations.get(path)["lead"]
    day.teller.check("state of the silent lead", ("LEAD_STATE_RECYCLED", True), (lead["state"], lead["yellow"]))
    entries = operations.every(f"{path}/timeline", "entries")
    assigned = next(instant(entry) for entry in entries if entry["kind"] == "assigned")
    wanted = [("reminded", 0.5), ("overdue", 2.0), ("overdue", 4.0), ("recycle_warning", 20.0), ("recycled", 24.0)]
    shown = [e for e in entries if e["kind"] in {kind for kind, _ in wanted}]
    found = [(e["kind"], round((instant(e) - assigned).total_seconds() / 3600, 3)) for e in shown]
    day.teller.check("clocks of the silent lead in hours after its assignment", wanted, found)
    for entry in shown:
        at = instant(entry).astimezone(SHANGHAI)
        day.teller.say(f"  {at:%a %H:%M} {entry['kind']}: {entry['text']}")
    day.show_last_call(operations)


def recycled(day: Day) -> list[dict[str, Any]]:
    return day.person("operations").every("/api/v1/leads", "leads", states="LEAD_STATE_RECYCLED")


def instant(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])


def timeline_kinds(day: Day) -> Counter[str]:
    operations = day.person("operations")

    def of(lead_id: str) -> list[dict[str, Any]]:
        return operations.every(f"/api/v1/leads/{lead_id}/timeline", "entries")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(entry["kind"] for entries in pool.map(of, day.leads.values()) for entry in entries)


def mails(day: Day) -> list[dict[str, Any]]:
    """What goes to groups by robots is no mail."""
    deliveries = day.person("operations").every("/api/v1/deliveries", "deliveries")
    return [each for each in deliveries if each["channel"] == "email"]


def sent_mails(day: Day) -> int:
    """Once the queue is empty, or should have been: a mail on its way is no event that `settle` knows of."""
    give_up = time.monotonic() + MAILING
    while True:
        states = Counter(delivery["state"] for delivery in mails(day))
        if not states["queued"] or time.monotonic() > give_up:
            return states["sent"]
        time.sleep(0.2)
