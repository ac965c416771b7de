"""Part 1: the upgraded interface answers 200 and leaves nine days out. The hole is seen, figures say provisional."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from closeloop_cli.demo.bank_upgrade import doors
from closeloop_cli.demo.day import Day
from closeloop_cli.demo.hr_outage.doors import at, clock, notices
from closeloop_cli.load.history import read, run_feed

WITHIN = timedelta(hours=2)


def tell(day: Day) -> None:
    teller = day.teller
    teller.check("the bank's feed before the upgrade", "FEED_HEALTH_HEALTHY", doors.feed(day)["health"])
    day.time.move_to(at(day, "08:30"))
    upgrade(day)
    day.time.move_to(at(day, "09:10"))
    unreadable(day)
    run = mend_half(day)
    teller.say(f"09:10  the bank mends the format; the call answers 200 and brings {run['recordsNew']} entries")
    kept = day.person("operations").every("/api/v1/quarantine", "quarantined", feed="bank")
    waiting = sum(each["state"] == "waiting" for each in kept)
    teller.figure("{} records wait in quarantine: the good ones took the bad ones' place", 0, waiting)
    the_hole(day)
    provisional(day)


def upgrade(day: Day) -> None:
    """From now on the interface speaks another version, and lists what came before and after the nine days."""
    told = read(day.layout.company / "story/after_upgrade.json")["statements"]
    day.kept["statements"] = {int(each["sequence"]): each for each in told}
    day.simulate("bank", "fault", {"mode": "schema", "path": "/statements", "keys": ["BookgDt"]})
    put_out(day, 12)
    day.teller.say("08:30  the bank upgrades its interface: another version of camt.053, and nine statements gone")
    day.kept["upgraded"] = day.time.now()


def mend_half(day: Day) -> dict[str, Any]:
    """The old version is back. The statements of 1–9 February exist at the bank; its interface leaves them out."""
    lost = day.company["lost"]
    day.simulate("bank", "fault", {"mode": "hole", "path": "/statements", "keys": lost})
    put_out(day, *(int(each) for each in lost))
    run = run_feed(day.person("operations"), "bank")
    day.settle()
    return run


def put_out(day: Day, *numbers: int) -> None:
    """The bank has these statements from now on."""
    chosen = [day.kept["statements"][number] for number in numbers]
    day.simulate("bank", "statements", {"statements": chosen})


def unreadable(day: Day) -> None:
    put_aside = day.person("operations").every("/api/v1/quarantine", "quarantined", feed="bank")
    told = len(day.kept["statements"][12]["entries"])
    day.teller.figure("{} records can't be read: in quarantine, neither dropped nor guessed", told, len(put_aside))
    for each in put_aside[:1]:
        day.teller.say(f"       {each['place']}: {each['reason']}")
    since: datetime = day.kept["upgraded"]
    found: dict[str, Any] = doors.feed(day)
    seen = datetime.fromisoformat(found["healthSince"]) - since
    degraded = found["health"] != "FEED_HEALTH_HEALTHY" and seen <= WITHIN
    day.teller.figure("the feed is degraded within 2 h of the upgrade: {}", True, degraded)
    alerts = [each for each in notices(day, "operations", "feed_degraded") if "bank" in each["title"]]
    day.teller.figure("an alert is out: {}", True, bool(alerts))


def the_hole(day: Day) -> None:
    lost, found = day.expected["lost"], doors.feed(day)
    day.teller.say(f"       feed bank: {found['health']}, {found['reason']}")
    missing = f"statement 3–11 missing, {lost['fen'] / 100:,.2f} unaccounted for"
    day.teller.figure("the hole is told with its numbers and its amount: {}", True, missing in found["reason"])


def provisional(day: Day) -> None:
    until = clock(doors.feed(day)["completeUntil"])
    note = doors.collections(day)["provenance"]["note"]
    day.teller.figure("collections say: {}", True, note.startswith("provisional, bank data until 2026-02-"))
    day.teller.say(f"       {note}: until then the bank's own balance agreed ({until})")
    standing = day.person("head").get("/api/v1/attainment", month=day.company["month"], level="company")
    day.teller.figure("so does the attainment of the month: {}", True, standing["provenance"]["provisional"])
