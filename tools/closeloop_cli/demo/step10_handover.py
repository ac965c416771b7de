"""Step 10: a rep leaves. HR says so once; customers and open leads have new owners, and both sides check them off."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from closeloop_cli.demo.day import Day
from closeloop_cli.door import Refused
from closeloop_cli.load.history import run_feed
from closeloop_cli.runtime.layout import CannotRun

PATIENCE = 120.0


def tell(day: Day) -> None:
    teller, gone = day.teller, leaver(day)
    theirs = customers_of(day, gone)
    teller.say(f"{day.name(gone)} leaves; HR says so, and nobody has to tell anybody else")
    leave(day, gone)
    handover = wait_for(day, gone, "DRAFTED")
    teller.figure("{} customers are in the package", len(theirs), handover["customers"])
    manager = day.door.as_(handover["managerId"])
    manager.post(f"{path_of(handover)}:release", {"reason": "交接清单已核对，立即移交"})
    handover = wait_for(day, gone, "MOVED")
    day.settle()
    items = manager.every(f"{path_of(handover)}/items", "items")
    tell_split(day, items)
    day.show_last_call(manager)
    teller.figure("{} customers are still theirs", 0, len(customers_of(day, gone)))
    teller.figure("{} of them went to people who work here", len(items), gone_to_active(day, items))
    check_off(day, handover, items)


def leaver(day: Day) -> str:
    """Who has most customers of those that the story doesn't need any more."""
    cast = set(day.company["cast"].values())
    owners = Counter(each["ownerId"] for each in _customers(day))
    return str(next(owner for owner, _ in owners.most_common() if owner and owner not in cast))


def leave(day: Day, gone: str) -> None:
    left = {"employeeId": gone, "status": "DEPARTED", "leftOn": f"{day.time.now():%Y-%m-%d}"}
    day.simulate("hr", "employees", {"employees": [left]})
    run_feed(day.person("operations"), "hr")
    day.settle()


def wait_for(day: Day, gone: str, state: str) -> dict[str, Any]:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        found = day.person("head").every("/api/v1/handovers", "handovers", employeeId=gone)
        if found and found[0]["state"] == f"HANDOVER_STATE_{state}":
            return dict(found[0])
        time.sleep(0.1)
    raise CannotRun(f"the handover of {gone} is not {state.lower()}")


def path_of(handover: dict[str, Any]) -> str:
    return f"/api/v1/handovers/{handover['handoverId']}"


def tell_split(day: Day, items: list[dict[str, Any]]) -> None:
    takers = Counter(each["takerName"] for each in items)
    day.teller.say("split by the rules of assignment: " + ", ".join(f"{name} {n}" for name, n in takers.most_common(5)))
    first = next(each for each in items if each["kind"] == "customer")
    gaps = ", ".join(gap["label"] for gap in first["missing"][:4])
    day.teller.say(
        f"e.g. {first['name']} → {first['takerName']}: file {first['completeness']} % complete, lacks {gaps}"
    )


def gone_to_active(day: Day, items: list[dict[str, Any]]) -> int:
    reps = day.person("operations").every("/api/v1/assignment/reps", "reps")
    active = {each["employeeId"] for each in reps if each["status"] == "active"}
    return sum(each["takerId"] in active for each in items)


def check_off(day: Day, handover: dict[str, Any], items: list[dict[str, Any]]) -> None:
    """The manager for who has left; takers are told what the files lack, and take them as they are."""
    path, teller = f"{path_of(handover)}:check-off", day.teller
    given = day.door.as_(handover["managerId"]).post(path, {"side": "HANDOVER_SIDE_GIVER"})
    teller.figure("{} checked off by the manager for who has left", len(items), given["checked"])
    taken = 0
    for taker in sorted({each["takerId"] for each in items}):
        teller.check(f"{day.name(taker)} is told what the files lack", "FILE_INCOMPLETE", refusal(day, taker, path))
        taken += day.door.as_(taker).post(path, {"side": "HANDOVER_SIDE_TAKER", "acceptGaps": True})["checked"]
    teller.figure("{} checked off by those who took them, the gaps accepted by name", len(items), taken)
    closed = wait_for(day, handover["employeeId"], "CLOSED")
    teller.say(f"closed: {closed['secondsToMove']} s to move, {closed['secondsToCheckOff']} s more to check off")


def refusal(day: Day, taker: str, path: str) -> str:
    try:
        day.door.as_(taker).post(path, {"side": "HANDOVER_SIDE_TAKER"})
    except Refused as refused:
        return refused.reason
    return ""


def customers_of(day: Day, owner: str) -> list[dict[str, Any]]:
    return [each for each in _customers(day) if each["ownerId"] == owner]


def _customers(day: Day) -> list[dict[str, Any]]:
    return day.person("head").every("/api/v1/customers", "customers")
