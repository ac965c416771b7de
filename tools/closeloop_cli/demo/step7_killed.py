"""Step 7: a service is killed with -9 after its commit and before its publish; the figures come out the same."""

from __future__ import annotations

import time
from typing import Any

import httpx

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.step6_money import figures
from closeloop_cli.door import Refused
from closeloop_cli.runtime.layout import CannotRun
from closeloop_cli.runtime.readiness import ask

VICTIM, POINT = "integration", "after-commit-before-publish"
KEY = "claim-of-the-ambiguous-receipt"
PATIENCE = 60.0


def tell(day: Day) -> None:
    restarts = restarts_of(day)
    armed = ask(f"{day.layout.side_url(VICTIM)}/local/fault", {"point": POINT})
    if armed != {"armed": POINT}:
        raise CannotRun(f"the fault point of {VICTIM} can't be armed: {armed}")
    lost = claim(day)
    day.system.wait_for_restart(VICTIM, restarts)
    again = claim_until_answered(day)
    day.teller.check("claims of the receipt after the repeated attempt", 1, len(again["claims"]))
    if lost is not None:
        day.teller.check("the first answer again", lost["claims"], again["claims"])
    day.settle()
    died = restarts_of(day) - restarts
    day.teller.figure(f"{{}} kill -9 of {VICTIM}, started again by the supervisor", 1, died)
    figures(day, "final", "with the receipt claimed by a person")
    slips = day.person("operations").every("/api/v1/incentive-slips", "slips")
    day.teller.figure("{} slips, as before", len(day.expected["slips"]), len(slips))


def claim_until_answered(day: Day) -> dict[str, Any]:
    """As any client does on 503: again with the same key, until the door has found the service again."""
    give_up = time.monotonic() + PATIENCE
    while (answer := claim(day)) is None:
        if time.monotonic() > give_up:
            raise CannotRun(f"{VICTIM} is back, but the gateway does not reach it")
        time.sleep(0.1)
    return answer


def claim(day: Day) -> dict[str, Any] | None:
    """By finance, for the first candidate; None without an answer. The key makes a second attempt the same attempt."""
    receipt = day.kept["waiting"]
    chosen = receipt["candidates"][0]
    part = {"receivableId": chosen["receivableId"], "amount": receipt["amount"]}
    path = f"/api/v1/receipts/{receipt['receiptId']}:claim"
    finance = day.person("finance")
    try:
        claimed: dict[str, Any] = finance.post(path, {"parts": [part]}, key=KEY)["receipt"]
    except httpx.TransportError as failure:
        day.teller.say(f"no answer: {failure}; asked again")
        return None
    except Refused as refusal:
        if refusal.status not in (503, 504):
            raise
        # Killed before the answer left: whether it was booked shows at the next attempt.
        day.teller.say(f"refused for now: {refusal.problem['title']}; asked again")
        return None
    day.teller.say(f"{day.name(finance.employee_id)} claims it for {chosen['contractNumber']}")
    return claimed


def restarts_of(day: Day) -> int:
    return int(str(day.system.state()["programs"][VICTIM]["restarts"]))
