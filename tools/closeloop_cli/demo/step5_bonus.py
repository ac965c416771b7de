"""Step 5: orders arrive from the ERP; each rule gives exactly one slip, seen at once, and confirmed."""

from __future__ import annotations

from typing import Any

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.listening import listening
from closeloop_cli.demo.telling import yuan
from closeloop_cli.load.history import read, run_feed

PROMPT = 3.0  # seconds from the order seen to the slip on the screen (I2.1: never over 3 min, usually below 2 s)


def tell(day: Day) -> None:
    star, manager = day.person("star"), day.person("manager")
    with listening(day, star, "slip_created") as to_star, listening(day, manager, "slip_created") as to_manager:
        day.simulate("erp", "orders", read(day.layout.company / "day/orders.json"))
        run_feed(day.person("operations"), "erp_orders")
        rep_heard, manager_heard = to_star.wait(), to_manager.wait()
    day.teller.check("slip on the rep's live stream", True, rep_heard is not None)
    day.teller.check("slip on the manager's live stream", True, manager_heard is not None)
    if rep_heard:
        day.teller.say(f"on {day.name(star.employee_id)}'s screen: {rep_heard['title']}: {rep_heard['body']}")
    day.settle()
    check_slips(day)
    confirm(day)


def check_slips(day: Day) -> None:
    """One deal from two sources: the L5 contract and the ERP order made one slip."""
    slips = day.person("operations").every("/api/v1/incentive-slips", "slips")
    found = [slip_key(slip["contractNumber"], slip["beneficiaryId"], slip["amount"]["fen"]) for slip in slips]
    wanted = [slip_key(slip["contract"], slip["beneficiary"], slip["fen"]) for slip in day.expected["slips"]]
    day.teller.figure("{} slips, one per rule", len(wanted), len(found))
    day.teller.check("slips (contract, beneficiary, fen)", sorted(wanted), sorted(found))
    for slip in slips:
        who, amount = slip["beneficiaryName"], yuan(slip["amount"]["fen"])
        day.teller.say(f"{slip['contractNumber']}: {amount} for {who}: {slip['formula']}")
    day.kept["slips"] = slips


def slip_key(contract: str, beneficiary: str, fen: str | int) -> tuple[str, str, int]:
    return contract, beneficiary, int(fen)


def confirm(day: Day) -> None:
    for slip in day.kept["slips"]:
        beneficiary = day.door.as_(slip["beneficiaryId"])
        confirmed: dict[str, Any] = beneficiary.post(f"/api/v1/incentive-slips/{slip['slipId']}:confirm", {})["slip"]
        day.teller.check("state of the slip", "SLIP_STATE_CONFIRMED", confirmed["state"])
        balance = beneficiary.get(f"/api/v1/incentive-balances/{slip['beneficiaryId']}")
        day.teller.check("earned", slip["amount"]["fen"], balance["earned"]["fen"])
    day.teller.figure("{} confirmed by those who get them", len(day.expected["slips"]), len(day.kept["slips"]))
    day.show_last_call(beneficiary)
