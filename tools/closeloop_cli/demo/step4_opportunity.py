"""Step 4: a lead is accepted and converted; its opportunity climbs, is stopped at a gate, is proved by documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from closeloop_cli.demo.day import Day
from closeloop_cli.demo.step3_contact import follow_up
from closeloop_cli.demo.telling import percent
from closeloop_cli.door import Person, Refused

AMOUNT = {"fen": "5200000", "currency": "CNY"}
NAME = "新院区超声设备采购"


def tell(day: Day) -> None:
    star = day.person("star")
    opportunity = convert(day, star)
    path = f"/api/v1/opportunities/{opportunity}"
    climb(day, star, path)
    claim(day, star, path)
    day.kept["opportunity"] = opportunity


def convert(day: Day, star: Person) -> str:
    lead = day.lead_of("keyAccount")
    star.post(f"/api/v1/leads/{lead}:accept", {})
    follow_up(day, star, "keyAccount", "CHANNEL_VISIT", "OUTCOME_CONNECTED", "院长确认预算，要求本周报价。")
    day.settle()
    request = {"opportunityName": NAME, "expectedAmount": AMOUNT, "expectedClose": "2026-03-27"}
    converted = star.post(f"/api/v1/leads/{lead}:convert", request)["lead"]
    day.settle()
    found = star.every("/api/v1/opportunities", "opportunities", leadId=lead)
    day.teller.figure("{} opportunity from the converted lead", 1, len(found))
    day.teller.check("opportunity named by the lead", converted["opportunityId"], found[0]["opportunityId"])
    day.teller.say(f"{day.name(star.employee_id)} accepts, visits and converts the lead of {found[0]['customerName']}")
    return str(found[0]["opportunityId"])


def climb(day: Day, star: Person, path: str) -> None:
    """Contact → need confirmed → demo → negotiation; the quote above 50,000 waits for a director."""
    survey = {
        "budgetLow": {"fen": "5000000", "currency": "CNY"},
        "budgetHigh": {"fen": "6000000", "currency": "CNY"},
        "decisionRoles": ["院长", "设备科长"],
        "needs": "床旁超声两台，含年度技术服务",
    }
    refused(day, star, path, "STAGE_NEED_CONFIRMED", "need_survey")
    star.post(f"{path}/need-survey", survey)
    advance(star, path, "STAGE_NEED_CONFIRMED")
    held = (day.time.now() - timedelta(minutes=5)).isoformat()
    star.post(f"{path}/demo", {"heldAt": held, "minutes": 40, "feedback": "图像质量满意，要求缩短交期"})
    advance(star, path, "STAGE_DEMO")
    quote = star.post(f"{path}/quotes", {"amount": AMOUNT})["quote"]
    refused(day, star, path, "STAGE_NEGOTIATION", "quote_approval")
    day.person("director").post(f"/api/v1/quotes/{quote['quoteId']}:approve", {})
    advance(star, path, "STAGE_NEGOTIATION")
    director = day.name(day.company["cast"]["director"])
    day.teller.say(f"need survey, demo, quote of 52,000.00 approved by {director}: in negotiation")


def advance(star: Person, path: str, stage: str) -> dict[str, Any]:
    moved: dict[str, Any] = star.post(f"{path}:advance", {"to": stage})["opportunity"]
    return moved


def refused(day: Day, star: Person, path: str, stage: str, item: str) -> None:
    """The gate names what is missing."""
    try:
        advance(star, path, stage)
    except Refused as refusal:
        named = item in str(refusal.problem)
        day.teller.check(f"{stage} refused for {item}", (409, True), (refusal.status, named))
        day.teller.say(f"refused: {refusal.problem.get('detail') or refusal.problem.get('title')}")
        day.show_last_call(star)
    else:
        day.teller.check(f"{stage} refused for {item}", "refused", "allowed")


def claim(day: Day, star: Person, path: str) -> None:
    expected, teller = day.expected["forecast"], day.teller
    known = star.get(f"/api/v1/credibility/{star.employee_id}")
    teller.figure("deals claimed at 80 % or more in four quarters: {}", expected["n"], known["n"])
    teller.figure("of them won: {}", expected["won"], known["won"])
    prove(day, star, path, 3, "department-review.pdf")
    submitted = star.post(f"{path}/submissions", {"probability": 0.9})["submission"]
    adjusted = round(submitted["adjusted"], 6)
    teller.figure("says 90 %, proof L3: counts as {}", expected["at3"], adjusted, percent)
    teller.say(submitted["formula"])
    contract = {
        "contractNumber": day.company["contracts"]["keyAccount"],
        "signedAt": "2026-03-10T01:40:00Z",
        "contractAmount": AMOUNT,
    }
    prove(day, star, path, 5, "signed-contract.pdf", contract)
    signed = star.post(f"{path}/submissions", {"probability": 0.9})["submission"]
    teller.figure("proof L5, the signed contract: counts as {}", expected["at5"], signed["adjusted"], percent)
    day.show_last_call(star)
    won = advance(star, path, "STAGE_WON")
    teller.check("stage", "STAGE_WON", won["stage"])


def prove(day: Day, star: Person, path: str, level: int, document: str, more: dict[str, object] | None = None) -> None:
    content = (day.layout.company / "day/documents" / document).read_bytes()
    stored = star.upload(document, content, "application/pdf")
    opportunity = star.post(f"{path}/evidence", {"level": level, "fileId": stored, **(more or {})})["opportunity"]
    day.teller.check("evidence level", level, opportunity["evidenceLevel"])
