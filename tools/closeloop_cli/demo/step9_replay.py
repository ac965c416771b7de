"""Step 9: a draft of the assignment policy is played over the last 90 days before anybody publishes it."""

from __future__ import annotations

import time
from typing import Any

from closeloop_cli.demo.day import Day
from closeloop_cli.runtime.layout import CannotRun

POLICY = "/api/v1/leads-policies/assignment"
REPLAYS = "/api/v1/assignment/replays"
# Those who win get more of the leads, whatever lies on their desk.
WEIGHTS = {"load": 0.2, "conversion": 0.6, "region": 0.2}
PATIENCE = 120.0


def tell(day: Day) -> None:
    operations, teller = day.person("operations"), day.teller
    live, owners = operations.get(POLICY)["policy"], _owners(day)
    body = {**live["body"], "weights": WEIGHTS}
    draft = operations.post(f"{POLICY}:draft", {"body": body, "reason": "赢单率权重提高试算"})["policy"]
    teller.say(f"draft {draft['version']}: conversion weighs {WEIGHTS['conversion']}, load {WEIGHTS['load']}")
    report = play(day, draft["version"])["report"]
    tell_report(day, report)
    day.show_last_call(operations)
    contested = report["contested"]
    for name in ("live", "draft"):
        side = report[name]
        teller.check(f"{name}: each lead found somebody or waits", contested, side["assigned"] + side["unassigned"])
    teller.check("the policy in force", live["version"], operations.get(POLICY)["policy"]["version"])
    teller.check("leads that changed hands by it", 0, len(owners.items() - _owners(day).items()))


def play(day: Day, version: int) -> dict[str, Any]:
    operations = day.person("operations")
    started, give_up = operations.post(REPLAYS, {"version": version}), time.monotonic() + PATIENCE
    while (found := operations.get(f"{REPLAYS}/{started['replay']['replayId']}")["replay"])["state"] == "running":
        if time.monotonic() > give_up:
            raise CannotRun("the replay of the draft takes too long")
        time.sleep(0.1)
    day.teller.check("state of the replay", ("done", ""), (found["state"], found["error"]))
    return dict(found)


def tell_report(day: Day, report: dict[str, Any]) -> None:
    for line in report["words"]:
        day.teller.say(line)
    for rep in report["reps"][:3]:
        day.teller.say(f"  {rep['name']}: {rep['live']} leads → {rep['draft']}, load at most {rep['draftPeak']:.0%}")


def _owners(day: Day) -> dict[str, str]:
    leads = day.person("operations").every("/api/v1/leads", "leads")
    return {lead["leadId"]: lead["ownerId"] for lead in leads}
