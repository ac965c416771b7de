"""Step 1: the HR system fills the directory, the directory every service's roster; policies and rules are published."""

from __future__ import annotations

import json
from pathlib import Path

from closeloop_cli.demo.day import Day
from closeloop_cli.load.history import run_feed
from closeloop_cli.runtime.layout import ROOT

EXAMPLES = ROOT / "services" / "incentives" / "examples"
# A busy laptop may need longer for an answer than the 200 and 400 ms of a server; a lead that is held meanwhile would
# lose its turn, and owners would depend on how busy the machine is.
PATIENCE = {"probe_milliseconds": 2000, "decision_milliseconds": 5000}
EFFECTIVE_FROM = "2026-02-28T16:00:00Z"  # the first of March in Shanghai


def tell(day: Day) -> None:
    expected, operations, teller = day.expected["directory"], day.person("operations"), day.teller
    run = run_feed(operations, "hr")
    teller.say(f"HR was asked again: {run['recordsIn']} changes since its record number {run['checkpointAfter']}")
    day.settle()
    employees = operations.every("/api/v1/employees", "employees")
    teller.figure("{} employees in the directory", expected["employees"], len(employees))
    loads = operations.every("/api/v1/assignment/reps", "reps")
    active = sum(rep["status"] == "active" for rep in loads)
    teller.figure("{} active reps on the roster of leads", expected["activeReps"], active)
    lines = operations.get("/api/v1/attainment", month=day.company["month"], level="team")["lines"]
    teller.figure("{} teams with a target on the roster of targets", expected["teams"], len(lines))
    publish_policy(day)
    publish_rules(day)


def publish_policy(day: Day) -> None:
    """The formula as it stands, with more patience, becomes version 1: from here on each decision names it."""
    operations, path = day.person("operations"), "/api/v1/leads-policies/assignment"
    body = operations.get(path)["policy"]["body"] | PATIENCE
    draft = operations.post(f"{path}:draft", {"body": body, "reason": "第一版分配策略"})["policy"]
    live = operations.post(f"{path}:publish", {"version": draft["version"]})["policy"]
    day.teller.check("version of the assignment policy", draft["version"], live["version"])
    day.teller.say(f"assignment policy version {live['version']} published")


def publish_rules(day: Day) -> None:
    """Operations drafts, headquarters publishes."""
    for file in sorted(EXAMPLES.glob("*.json")):
        rule = json.loads(Path(file).read_text(encoding="utf-8"))
        draft = day.person("operations").post("/api/v1/incentive-rules", rule)["rule"]
        errors = [finding for finding in draft["findings"] if finding["severity"] == "error"]
        day.teller.check(f"findings of rule {draft['ruleId']}", [], errors)
        period = {"version": draft["version"], "effectiveFrom": EFFECTIVE_FROM}
        live = day.person("head").post(f"/api/v1/incentive-rules/{draft['ruleId']}:publish", period)["rule"]
        day.teller.say(f"rule {live['ruleId']} version {live['version']} published: {live['words']}")
    day.settle()
