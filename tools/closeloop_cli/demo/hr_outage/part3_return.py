"""Part 3: HR returns; within 30 seconds all held leads have owners, each with its explanation."""

from __future__ import annotations

from collections import Counter

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.hr_outage import doors
from closeloop_cli.demo.hr_outage.part2_morning import LEADS, owned_by

WITHIN = 30.0


def tell(day: Day) -> None:
    teller, gone, ids = day.teller, doors.departed(day), day.kept["held"]
    day.simulate("hr", "fault", {"mode": "none"})
    seconds = doors.wait_until_all_have_owners(day)
    teller.say(f"HR answers again; the last held lead has its owner {seconds:.1f} s later")
    teller.figure(f"that is within {WITHIN:.0f} s: {{}}", True, seconds <= WITHIN)
    day.settle()
    found = doors.leads(day, ids)
    teller.figure("{} of them are assigned", LEADS, sum(lead["state"] == "LEAD_STATE_ASSIGNED" for lead in found))
    teller.figure(f"{{}} of {LEADS} to {day.name(gone)}", 0, owned_by(found, gone))
    in_order = sorted(found, key=lambda lead: lead["assignedAt"])
    teller.figure("assigned in the order in which they came: {}", True, [lead["leadId"] for lead in in_order] == ids)
    spread(day, [lead["ownerId"] for lead in found])
    explain(day, ids, gone)
    known = doors.rep(day, gone)
    teller.figure(f"{day.name(gone)} is {{}} on the roster now", "departed", known["status"])


def spread(day: Day, owners: list[str]) -> None:
    """By the formula: nobody over the baseline, none of the many left out."""
    taken = Counter(owners)
    reps = {each["employeeId"]: each for each in day.person("operations").every("/api/v1/assignment/reps", "reps")}
    over = [each for each in taken if reps[each]["weighted"] > reps[each]["baseline"]]
    most = max(taken.values())
    day.teller.say(f"spread over {len(taken)} reps, {min(taken.values())} to {most} each")
    day.teller.figure("{} reps are over their baseline of 8", 0, len(over))
    day.kept["full"] = most


def explain(day: Day, ids: list[str], gone: str) -> None:
    """Every lead can say why it went where it went, and why not to the one who left."""
    operations, told, reasons = day.person("operations"), 0, Counter[str]()
    for each in ids:
        answer = operations.get(f"/api/v1/leads/{each}/assignment", whyNot=gone)
        told += answer["decision"]["outcome"] == "assigned" and bool(answer["summary"])
        reasons[_kind(answer["whyNotSummary"])] += 1
    day.teller.figure("{} of them explain themselves", LEADS, told)
    day.teller.figure(f"{{}} of them say why it was not {day.name(gone)}", LEADS, LEADS - reasons[""])
    day.teller.say("; ".join(f"{count}: {reason}" for reason, count in reasons.most_common()))
    day.teller.say(f"e.g. {answer['summary']}")
    day.teller.say(f"     {answer['whyNotSummary']}")
    day.show_last_call(operations)


def _kind(why_not: str) -> str:
    """Roster and account check hear of the departure one after the other: which of them kept him out differs by lead.

    Empty for a text that gives no reason.
    """
    if "account check" in why_not or "verified" in why_not:
        return "the account check kept him out"
    if "not active" in why_not:
        return "the roster knew that he is not active"
    return "another's turn, before anything was known of him" if "scored" in why_not else ""
