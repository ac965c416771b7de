"""Step 7: a service is killed with -9 after its commit and before its publish; the figures come out the same."""

from __future__ import annotations

from typing import Any

import httpx

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.step6_money import figures
from closeloop_cli.door import Refused
from closeloop_cli.runtime.layout import CannotRun
from closeloop_cli.runtime.readiness import ask

VICTIM, POINT = "integration", "after-commit-before-publish"
KEY = "claim-of-the-ambiguous-receipt"


def tell(day: Day) -> None:
    restarts = restarts_of(day)
    armed = ask(f"{day.layout.side_url(VICTIM)}/local/fault", {"point": POINT})
    if armed != {"armed": POINT}:
        raise CannotRun(f"the fault point of {VICTIM} can't be armed: {armed}")
    claim(day)
    day.system.wait_for_restart(VICTIM, restarts)
    again = claim(day)
    day.teller.check("claims of the receipt after the repeated attempt", 1, len(again["claims"]))
    day.settle()
    died = restarts_of(day) - restarts
    day.teller.figure(f"{{}} kill -9 of {VICTIM}, started again by the supervisor", 1, died)
    figures(day, "final", "with the receipt claimed by a person")
    slips = day.person("operations").every("/api/v1/incentive-slips", "slips")
    day.teller.figure("{} slips, as before", len(day.expected["slips"]), len(slips))


def claim(day: Day) -> dict[str, Any]:
    """By finance, for the first candidate. The key makes a second attempt the same attempt."""
    receipt = day.kept["waiting"]
    chosen = receipt["candidates"][0]
    part = {"receivableId": chosen["receivableId"], "amount": receipt["amount"]}
    path = f"/api/v1/receipts/{receipt['receiptId']}:claim"
    finance = day.person("finance")
    try:
        claimed: dict[str, Any] = finance.post(path, {"parts": [part]}, key=KEY)["receipt"]
    except (Refused, httpx.TransportError) as failure:
        # Killed before the answer left: whether it was booked shows at the next attempt.
        day.teller.say(f"no answer: {failure}")
        return {"claims": []}
    day.teller.say(f"{day.name(finance.employee_id)} claims it for {chosen['contractNumber']}")
    return claimed


def restarts_of(day: Day) -> int:
    return int(str(day.system.state()["programs"][VICTIM]["restarts"]))
