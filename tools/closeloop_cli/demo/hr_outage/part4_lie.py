"""Part 4: HR says "active, as of now" of the one who left, and his load is stuck at 0. The guard counts assignments."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.hr_outage import doors
from closeloop_cli.demo.telling import WrongFigure

LEADS, STOPPED_BEFORE = 40, 20
# A valley that nobody else's territory is near: the formula gives its leads to whoever has it.
VALLEY = {"latitude": 29.6086, "longitude": 119.0421, "datum": "DATUM_WGS84"}
# Whatever is assigned, the load shows 0 %.
STUCK = {"baseline": 1000.0, "territoryRadiusKm": 10.0, "territoryCentre": VALLEY}


def tell(day: Day) -> None:
    teller, gone = day.teller, doors.departed(day)
    day.time.move_to(day.time.now() + timedelta(minutes=61))
    lie(day, gone)
    since = day.time.now()
    place = {"city": "淳安", "province": "浙江", "position": VALLEY}
    ids = [doors.capture(day, 1000 + number, **place) for number in range(1, LEADS + 1)]
    day.settle()
    taken = Counter(lead["ownerId"] for lead in doors.leads(day, ids))
    teller.figure(f"{{}} leads went to {day.name(gone)} before the guard stopped it", STOPPED_BEFORE - 1, taken[gone])
    teller.figure("{} leads went to others", LEADS - STOPPED_BEFORE + 1, sum(taken.values()) - taken[gone] - taken[""])
    teller.say(f"his load never showed more than {doors.rep(day, gone)['load']:.0%}: load is not asked")
    pause = the_pause(day, gone)
    teller.say(
        f"paused at {pause['toRep']} of {pause['toTeam']} of the team's leads within {pause['windowMinutes']} min,"
        f" the limit is {pause['limit']:.0%}"
    )
    teller.figure("an alert for the manager: {}", 1, len(doors.notices(day, "manager", "rep_paused")))
    recalled(day, gone, since, ids)


def lie(day: Day, gone: str) -> None:
    """HR names him again, as active; operations had given him a territory with a baseline of a test account."""
    day.person("operations").post(
        "/api/v1/assignment/rep-profiles:import", {"profiles": [{"employeeId": gone, **STUCK}]}
    )
    day.simulate("hr", "fault", {"mode": "lie", "keys": [gone]})
    day.simulate("hr", "employees", {"employees": [{"employeeId": gone, "status": "DEPARTED"}]})
    day.time.move_to(day.time.now() + timedelta(minutes=5))
    doors.wait_for(lambda: doors.rep(day, gone)["status"] == "active", "HR's lie did not arrive")
    known = doors.employee(day, gone)
    day.teller.say(f"HR about {day.name(gone)}: {known['status']}, as of {doors.clock(known['asOf'])}, which is a lie")


def the_pause(day: Day, gone: str) -> dict[str, Any]:
    open_pauses = day.person("manager").every("/api/v1/assignment/pauses", "pauses", openOnly=True)
    day.teller.figure(
        "{} rep is paused", [gone], [each["employeeId"] for each in open_pauses], lambda ids: str(len(ids))
    )
    if not open_pauses:
        raise WrongFigure
    return dict(open_pauses[0])


def recalled(day: Day, gone: str, since: Any, ids: list[str]) -> None:
    """The manager takes all of them back; asked twice, it is the same."""
    first = recall(day, gone, since)
    day.teller.figure("the manager's recall takes {} leads back", STOPPED_BEFORE - 1, first["released"])
    seconds = doors.wait_until_all_have_owners(day)
    day.settle()
    report = read_report(day, first["recall"]["recallId"])
    owners = Counter(each["ownerId"] for each in report["leads"])
    day.teller.say(f"{seconds:.1f} s later they are with {len(owners)} others")
    day.teller.figure("{} of them have a new owner", STOPPED_BEFORE - 1, int(report["recall"]["reassigned"]))
    day.teller.figure(f"{{}} of them with {day.name(gone)}", 0, owners[gone])
    again = recall(day, gone, since)
    day.teller.figure("a second recall takes {} leads back", 0, again["released"])
    day.teller.figure("with the same report: {}", True, read_report(day, again["recall"]["recallId"]) == report)
    left = Counter(lead["ownerId"] for lead in doors.leads(day, ids))
    day.teller.figure(f"{{}} of all {LEADS} leads are with {day.name(gone)} in the end", 0, left[gone])
    day.show_last_call(day.person("manager"))
    day.simulate("hr", "fault", {"mode": "none"})


def recall(day: Day, gone: str, since: Any) -> dict[str, Any]:
    body = {"since": since.isoformat(), "reason": "已离职，HR 数据有误"}
    return dict(day.person("manager").post(f"/api/v1/assignment/reps/{gone}:recall", body))


def read_report(day: Day, recall_id: str) -> dict[str, Any]:
    manager = day.person("manager")
    leads = manager.every(f"/api/v1/recalls/{recall_id}", "leads")
    return {"recall": manager.get(f"/api/v1/recalls/{recall_id}")["recall"], "leads": leads}
