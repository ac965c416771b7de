"""Step 2: a model learns from closed leads; a CSV of 300 leads goes in; errors by row, duplicates appended, the rest
graded, assigned and scored.
"""

from __future__ import annotations

import time
from typing import Any

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.telling import percent
from closeloop_cli.runtime.layout import CannotRun

STUCK = 300.0  # seconds without a row more


def tell(day: Day) -> None:
    expected, teller = day.expected["import"], day.teller
    learn(day)
    done = import_file(day)
    teller.say(f"{day.layout.company / 'day/leads.csv'}, read as {done['encoding']}")
    teller.figure("{} rows read", expected["rowsRead"], done["rowsRead"])
    teller.figure("{} leads created", expected["created"], done["created"])
    teller.figure("{} duplicates appended to leads that were there", expected["appended"], done["appended"])
    teller.figure("{} rows refused, each with its field", expected["failed"], done["failed"])
    check_errors(day, done["importId"])
    wait_for_owners(day, done["importId"])
    day.settle()
    leads = day.person("operations").every("/api/v1/leads", "leads", importId=done["importId"])
    check_grades(day, leads)
    check_owners(day, leads)
    explain(day)
    score(day)


def learn(day: Day) -> None:
    expected, teller = day.expected["learned"], day.teller
    training = day.person("operations").post("/api/v1/score-model:train", {})["training"]
    quality = training["quality"]
    teller.figure("{} closed leads teach the lead score", expected["leads"], training["leads"])
    teller.figure("{} of them were won", expected["won"], training["won"])
    teller.figure("{} later ones judge it", expected["judged"], quality["leads"])
    teller.check("the model is in force", True, training["inForce"])
    teller.say(
        f"on those it errs {percent(quality['betterBy'])} less than the share won so far, and of a won and a lost lead "
        f"ranks the won one higher in {percent(quality['rankedRight'])}"
    )


def score(day: Day) -> None:
    """One lead's chance, and the fields that move it most."""
    lead_id = next(iter(day.leads.values()))
    said = day.person("operations").get(f"/api/v1/leads/{lead_id}/score")["score"]
    moving = ", ".join(
        f"{each['label']} {each['level']} {each['logOdds']:+.2f}" for each in said["fields"][:3] if each["logOdds"]
    )
    day.teller.say(f"chance of winning {percent(said['probability'])}: {moving}")


def import_file(day: Day) -> dict[str, Any]:
    operations = day.person("operations")
    stored = operations.upload("leads.csv", (day.layout.company / "day/leads.csv").read_bytes(), "text/csv")
    started = operations.post("/api/v1/lead-imports", {"fileId": stored, "channel": "expo"})["import"]
    path = f"/api/v1/lead-imports/{started['importId']}"
    rows_before, give_up = -1, 0.0
    while True:
        found: dict[str, Any] = operations.get(path)["import"]
        if found["state"] == "IMPORT_STATE_DONE":
            return found
        if found["rowsRead"] != rows_before:
            rows_before, give_up = found["rowsRead"], time.monotonic() + STUCK
        elif found["state"] != "IMPORT_STATE_RUNNING" or time.monotonic() > give_up:
            raise CannotRun(f"the import of leads: {found['state']} {found['error']}")
        time.sleep(0.1)


def wait_for_owners(day: Day, import_id: str) -> None:
    """The line behind the import gives each lead to somebody, better grades first; new ones were not tried yet."""
    operations, left, give_up = day.person("operations"), -1, 0.0
    while found := operations.every("/api/v1/leads", "leads", importId=import_id, states="LEAD_STATE_NEW"):
        if len(found) != left:
            left, give_up = len(found), time.monotonic() + STUCK
        elif time.monotonic() > give_up:
            raise CannotRun(f"{left} leads of the import were not tried")
        time.sleep(0.1)


def check_errors(day: Day, import_id: str) -> None:
    errors = day.person("operations").every(f"/api/v1/lead-imports/{import_id}/errors", "errors")
    found = {str(error["row"]): error["field"] for error in errors}
    wanted = day.expected["import"]["errors"]
    day.teller.check("rows and fields of the errors", wanted, found)
    first = errors[0]
    day.teller.say(f"row {first['row']}, {first['field']}: {first['message']}")


def check_grades(day: Day, leads: list[dict[str, Any]]) -> None:
    """Ungraded counts as C."""
    counted = {"A": 0, "B": 0, "C": 0}
    for lead in leads:
        counted[{"GRADE_A": "A", "GRADE_B": "B"}.get(lead["grade"], "C")] += 1
    for grade, count in day.expected["import"]["grades"].items():
        day.teller.figure(f"{{}} leads of grade {grade}", count, counted[grade])


def check_owners(day: Day, leads: list[dict[str, Any]]) -> None:
    """Each lead has exactly the owner that the formula, replayed from the seed, says."""
    by_company = {lead["companyName"]: lead for lead in leads}
    companies = day.expected["import"]["companies"]
    day.leads = {int(row): by_company[company]["leadId"] for row, company in companies.items() if company in by_company}
    owners = {row: by_company[company]["ownerId"] for row, company in companies.items() if company in by_company}
    wanted = day.expected["owners"]
    same = sum(owners.get(row) == owner for row, owner in wanted.items())
    day.teller.figure("{} leads have the owner that the formula gives, replayed from the seed", len(wanted), same)
    different = {row: (wanted[row], owners.get(row)) for row in wanted if owners.get(row) != wanted[row]}
    day.teller.check("owners by row (expected, actual)", {}, different)
    day.kept["owners"] = owners


def explain(day: Day) -> None:
    """Why this rep, why not that one, in words and figures."""
    expected, operations, teller = day.expected["explained"], day.person("operations"), day.teller
    other = expected["other"]
    path = f"/api/v1/leads/{day.lead_of('explained')}/assignment"
    answer = operations.get(path, whyNot=other["employeeId"])
    teller.say(f"Why {day.name(expected['winner'])}, why not {day.name(other['employeeId'])}?")
    teller.say(f"  {answer['summary']}")
    if answer["whyNotSummary"] not in answer["summary"]:  # which already tells of the next best
        teller.say(f"  {answer['whyNotSummary']}")
    winner = next(c for c in answer["decision"]["candidates"] if c["employeeId"] == answer["decision"]["winnerId"])
    teller.check("winner", expected["winner"], answer["decision"]["winnerId"])
    teller.check("weights", expected["weights"], {part["name"]: part["weight"] for part in winner["parts"]})
    teller.check("parts of the winner", rounded(expected["parts"]), parts_of(winner))
    teller.check("parts of the other", rounded(other["parts"]), parts_of(answer["whyNot"]))
    teller.figure("score of the winner: {}", expected["score"], round(winner["score"], 6))
    teller.figure("score of the other: {}", round(other["score"], 6), round(answer["whyNot"]["score"], 6))
    teller.say(f"mean load of the eligible: {percent(answer['decision']['meanLoad'])}")
    day.show_last_call(operations)


def parts_of(candidate: dict[str, Any]) -> dict[str, float]:
    return rounded({part["name"]: part["value"] for part in candidate["parts"]})


def rounded(parts: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in parts.items()}
