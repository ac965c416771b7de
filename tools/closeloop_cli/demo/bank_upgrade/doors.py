"""What the parts of the story ask, each through a door that people and systems have."""

from __future__ import annotations

from typing import Any

from closeloop_cli.demo.day import Day
from closeloop_cli.door import Refused

PERIOD = {"firstOn": "2026-02-01", "lastOn": "2026-02-28"}
# When finance and sales compare their figures.
AS_OF = "2026-02-18T01:00:00Z"
SALES = {"figure": "FIGURE_COLLECTED_BY_DUE", "asOf": AS_OF}


def feed(day: Day) -> dict[str, Any]:
    return dict(day.person("operations").get("/api/v1/feeds/bank")["feed"])


def collections(day: Day) -> dict[str, Any]:
    return dict(day.person("finance").get("/api/v1/collections", month=day.company["month"]))


def compare(day: Day, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    return dict(day.person("finance").post("/api/v1/figures:compare", {"period": PERIOD, "a": a, "b": b}))


def outside(day: Day) -> dict[str, Any]:
    """Finance's figure, once it was entered."""
    return {"figure": "FIGURE_OUTSIDE", "outsideFigureId": day.kept["board"]}


def classes(told: dict[str, Any], what: str) -> dict[str, int]:
    """Of a bridge, by class: fen of the difference, or rows."""
    found = {}
    for each in told["classes"]:
        if each["rows"]:
            name = each["class"].removeprefix("BRIDGE_CLASS_").lower()
            found[name] = int(each["difference"]["fen"]) if what == "fen" else int(each["rows"])
    return found


def receipts(day: Day) -> list[dict[str, Any]]:
    return day.person("finance").every("/api/v1/receipts", "receipts", month=day.company["month"])


def refusal(day: Day, role: str, path: str, body: dict[str, Any]) -> str:
    """The reason for which something is refused; empty when it was not."""
    try:
        day.person(role).post(path, body)
    except Refused as refused:
        return refused.reason
    return ""


def share(fen: int, target: int) -> str:
    return f"{fen * 100 / target:.0f} %"
