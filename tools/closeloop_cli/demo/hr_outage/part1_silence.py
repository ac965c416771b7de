"""Part 1: the HR interface times out, later it breaks off each connection; a rep leaves that evening.

The silence is seen, and answers carry their age.
"""

from __future__ import annotations

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.hr_outage import doors
from closeloop_cli.demo.step1_directory import publish_policy


def tell(day: Day) -> None:
    teller, gone = day.teller, doors.departed(day)
    publish_policy(day)
    day.time.move_to(doors.at(day, "23:59"))
    day.settle()
    before = doors.rep(day, gone)
    teller.say(f"23:59  {day.name(gone)} ({gone}): {before['status']}, load {before['load']:.0%}")
    day.simulate("hr", "fault", {"mode": "timeout"})
    left = {"employeeId": gone, "status": "DEPARTED", "leftOn": f"{day.time.now():%Y-%m-%d}"}
    day.simulate("hr", "employees", {"employees": [left]})
    teller.say(f"23:59  HR no longer answers. In HR {day.name(gone)} has left; nobody could tell us.")
    cadence = int(doors.feed(day)["cadenceSeconds"])
    day.time.move_to(doors.at(day, "+1 00:05"))
    found = doors.feed(day)
    teller.say(f"00:05  feed hr: {found['health']}, {found['reason']}, since {doors.clock(found['healthSince'])}")
    teller.figure(
        "the failure is visible within its cadence of 300 s: {}", True, found["health"] != "FEED_HEALTH_HEALTHY"
    )
    teller.check("cadence of the HR feed", 300, cadence)
    alerts = [each for each in doors.notices(day, "operations", "feed_degraded") if "hr" in each["title"]]
    teller.figure("an alert is up for operations: {}", True, bool(alerts))
    known = doors.employee(day, gone)
    teller.say(
        f"       the directory's word on {day.name(gone)}: {known['status']}, as of {doors.clock(known['asOf'])}"
    )
    day.show_last_call(day.person("operations"))
    # Waiting for the night's time-outs would take half a minute of real time and show nothing more.
    day.simulate("hr", "fault", {"mode": "down"})
    teller.say("00:05  from now on HR breaks off each connection")
