"""Part 2: 127 leads come in and nobody can be verified: all are held, in order, with the reason."""

from __future__ import annotations

from collections import Counter

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.hr_outage import doors

LEADS = 127
A_LEAD = {"firstTouchDueHours": 24, "budgetConfirmed": True, "decisionChain": ["校长"]}


def tell(day: Day) -> None:
    teller, gone = day.teller, doors.departed(day)
    day.time.move_to(doors.at(day, "+1 09:05"))
    teller.say(f"09:05  feed hr: {doors.feed(day)['health']}")
    place = {"city": "杭州", "province": "浙江", "qualification": A_LEAD}
    ids = [doors.capture(day, number, **place) for number in range(1, LEADS + 1)]
    day.kept["held"] = ids
    found = doors.leads(day, ids)
    held = sum(lead["state"] == "LEAD_STATE_HELD" for lead in found)
    teller.figure("{} A leads came in and are held", LEADS, held)
    reasons = Counter(lead["reason"] for lead in found)
    teller.say(f"       reason: {', '.join(reasons)}")
    teller.check("reasons", 1, len(reasons))
    line = [each["lead"]["leadId"] for each in day.person("operations").every("/api/v1/assignment/waiting", "waiting")]
    teller.figure("they wait in the order in which they came: {}", True, line == ids)
    teller.figure(f"{{}} of {LEADS} leads went to {day.name(gone)}, whose load is 0 %", 0, owned_by(found, gone))
    told = len(doors.notices(day, "operations", "assignment_held"))
    teller.figure("{} notices to operations that a lead is held", LEADS, told)
    day.show_last_call(day.person("operations"))


def owned_by(leads: list[dict[str, str]], employee_id: str) -> int:
    return sum(lead["ownerId"] == employee_id for lead in leads)
