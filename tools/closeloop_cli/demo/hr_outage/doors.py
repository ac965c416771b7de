"""What the parts of the story ask and order, each through a door that people and systems have."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from closeloop_cli.business_time import SHANGHAI
from closeloop_cli.demo.day import Day
from closeloop_cli.runtime.layout import CannotRun

# Longest real time for what the story waits for; the figures themselves are judged by the parts.
PATIENCE = 180.0
LOOK = 0.1


def departed(day: Day) -> str:
    """The rep of the story: a good closer, with nothing to do on that evening."""
    return str(day.company["cast"]["colleague"])


def at(day: Day, text: str) -> datetime:
    """ "23:59" of the story's first day, "+1 09:05" of the day after."""
    days, _, clock = text.rpartition(" ")
    begins = datetime.fromisoformat(day.company["startsAt"]).astimezone(SHANGHAI)
    hour, minute = clock.split(":")
    return begins.replace(day=begins.day + int(days or 0), hour=int(hour), minute=int(minute))


def capture(day: Day, number: int, **more: Any) -> str:
    """A lead as a website sends it; its id."""
    body = {
        "companyName": f"杭州第{number}来访教育有限公司",
        "phone": f"1370{number:07d}",
        "channel": "website",
        **more,
    }
    return str(day.person("operations").post("/api/v1/leads", body)["lead"]["leadId"])


def leads(day: Day, ids: list[str]) -> list[dict[str, Any]]:
    operations = day.person("operations")
    return [operations.get(f"/api/v1/leads/{each}")["lead"] for each in ids]


def waiting(day: Day) -> int:
    figures = day.person("operations").get("/api/v1/assignment/waiting-figures")
    return sum(int(count) for count in figures["waiting"].values())


def wait_until_all_have_owners(day: Day) -> float:
    """Real seconds it took. Raises CannotRun."""
    return wait_for(lambda: waiting(day) == 0, "leads still wait for an owner")


def wait_for(holds: Callable[[], bool], what: str) -> float:
    """Real seconds it took. Raises CannotRun."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > PATIENCE:
            raise CannotRun(what)
        time.sleep(LOOK)
    return time.monotonic() - began


def rep(day: Day, employee_id: str) -> dict[str, Any]:
    """Load and status as the assignment sees them."""
    reps = day.person("operations").every("/api/v1/assignment/reps", "reps")
    return next(each for each in reps if each["employeeId"] == employee_id)


def employee(day: Day, employee_id: str) -> dict[str, Any]:
    return dict(day.person("operations").get(f"/api/v1/employees/{employee_id}")["employee"])


def feed(day: Day) -> dict[str, Any]:
    return dict(day.person("operations").get("/api/v1/feeds/hr")["feed"])


def notices(day: Day, role: str, kind: str) -> list[dict[str, Any]]:
    found = day.person(role).every("/api/v1/notifications", "notifications")
    return [each for each in found if each["kind"] == kind]


def clock(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(SHANGHAI).strftime("%m-%d %H:%M:%S")
