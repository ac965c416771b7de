"""The day of the demo through the real doors, and what the doors refuse. Black box: REST, files, processes."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import grpc
import httpx
import psycopg
import pytest

from .conftest import Played

pytestmark = pytest.mark.timeout(1200)

OPERATIONS, HEAD, FINANCE = "E00003", "E00001", "E00006"
STAR, MANAGER, NEWCOMER, OTHER_TEAM = "E00101", "E00031", "E00118", "E00201"
STEPS = (
    "1. Employees, rosters, policies and rules",
    "2. 300 leads come in",
    "3. A chat, a call and a message stop the clocks",
    "4. A lead becomes an opportunity, and is proved",
    "5. The orders arrive: bonuses",
    "6. The money arrives: receipts, attainment",
    "7. kill -9 between commit and publish",
    "8. A lead is left alone",
)


@pytest.mark.spec("P4.1", "P11.3")
def test_the_day_is_told_with_right_figures(played: Played) -> None:
    assert played.exit_code == 0, played.story[-4000:]
    assert [step for step in STEPS if step in played.story] == list(STEPS)
    assert "figures are as computed from the seed" in played.story
    assert "✗" not in played.story


@pytest.mark.spec("N1.1", "N3.1")
def test_the_directory_holds_everybody(played: Played) -> None:
    employees = played.all("/api/v1/employees", "employees", OPERATIONS)
    assert len(employees) == 254
    states = Counter(employee["status"] for employee in employees)
    assert states["EMPLOYEE_STATUS_DEPARTED"] == 2 + 1, "two had left before, one leaves in the story"
    assert states["EMPLOYEE_STATUS_ON_LEAVE"] == 4


@pytest.mark.spec("P1.4")
def test_everybody_sees_as_far_as_the_level_goes(played: Played) -> None:
    leads = {who: played.all("/api/v1/leads", "leads", who) for who in (STAR, MANAGER, OPERATIONS)}
    assert {lead["ownerId"] for lead in leads[STAR]} == {STAR}
    assert {lead["unit"] for lead in leads[MANAGER]} == {"/HQ/EAST/HZ1/"}
    assert len(leads[STAR]) < len(leads[MANAGER]) < len(leads[OPERATIONS]) == 283


@pytest.mark.spec("P1.4", "P1.5")
def test_another_team_s_lead_is_not_found_and_a_wrong_duty_is_forbidden(played: Played) -> None:
    lead = next(lead for lead in played.all("/api/v1/leads", "leads", MANAGER))
    assert played.call("GET", f"/api/v1/leads/{lead['leadId']}", OTHER_TEAM).status_code == 404
    assert played.call("GET", "/api/v1/receipts", STAR).status_code == 403
    assert (
        played.call("POST", "/api/v1/grants", STAR, json={"employeeId": STAR, "duty": "hq", "reason": "x"}).status_code
        == 403
    )


@pytest.mark.spec("I2.1")
def test_each_rule_made_exactly_one_slip_and_both_are_confirmed(played: Played) -> None:
    slips = played.all("/api/v1/incentive-slips", "slips", OPERATIONS)
    found = {slip["ruleId"]: (slip["beneficiaryId"], slip["amount"]["fen"], slip["state"]) for slip in slips}
    assert len(slips) == 2
    assert sorted(found.values()) == [
        (STAR, "50000", "SLIP_STATE_CONFIRMED"),
        (NEWCOMER, "20000", "SLIP_STATE_CONFIRMED"),
    ]


@pytest.mark.spec("N4.1", "T2.1", "P7.1")
def test_no_receipt_waits_and_every_claim_is_in_the_attainment_once(played: Played) -> None:
    collected = played.get("/api/v1/collections", FINANCE, month="2026-03")
    (company,) = played.get("/api/v1/attainment", OPERATIONS, month="2026-03", level="company")["lines"]
    assert collected["waitingReceipts"] == 0
    assert company["collected"]["fen"] == collected["claimed"]["fen"]
    rows = played.all("/api/v1/attainment/rows", "rows", OPERATIONS, month="2026-03", level="company", subject="/HQ/")
    assert len({row["claimId"] for row in rows}) == len(rows) == collected["receipts"]
    assert [row["method"] for row in rows].count("person") == 1


@pytest.mark.spec("LD5.1", "LD6.1")
def test_whoever_was_left_alone_is_back_in_the_pool(played: Played) -> None:
    states = Counter(lead["state"] for lead in played.all("/api/v1/leads", "leads", OPERATIONS))
    assert states == {"LEAD_STATE_RECYCLED": 282, "LEAD_STATE_CONVERTED": 1}


@pytest.mark.spec("N9.1")
def test_managers_got_their_mails_and_inboxes_their_notices(played: Played) -> None:
    mails = mails_of(played)
    assert len(mails) == len({mail["messageId"] for mail in mails})
    assert all(recipient.endswith("@closeloop.example") for mail in mails for recipient in mail["recipients"])
    kinds = {notice["kind"] for notice in played.all("/api/v1/notifications", "notifications", STAR)}
    assert {"lead_assigned", "slip_created"} <= kinds


def mails_of(played: Played) -> list[dict[str, Any]]:
    ports = json.loads((played.folder / "ports.json").read_text())
    found: list[dict[str, Any]] = httpx.get(f"http://127.0.0.1:{ports['simulator.mail']}/mails").json()["mails"]
    return found


@pytest.mark.spec("P10.1")
def test_every_audit_chain_is_whole(played: Played) -> None:
    checked = played.closeloop("verify-audit")
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("whole") == 6


@pytest.mark.spec("P4.1")
def test_memory_is_within_bounds(played: Played) -> None:
    status = played.closeloop("status").stdout
    line = next(line for line in status.splitlines() if line.startswith("memory (PSS)"))
    assert 0 < int(line.split()[2]) <= 2560


LEAD = {"companyName": "杭州试用医疗器械有限公司", "phone": "13900000001", "channel": "expo"}
JSON = {"Content-Type": "application/json"}


@pytest.mark.spec("P1.5", "P1.6", "LD13.1")
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"companyName": "x"', JSON, 400),
        (json.dumps(LEAD | {"surprise": 1}).encode(), JSON, 400),
        (json.dumps(LEAD | {"grade": "GRADE_S"}).encode(), JSON, 400),
        (json.dumps(LEAD | {"grade": 99}).encode(), JSON, 400),
        (json.dumps(LEAD | {"position": {"latitude": 95, "longitude": 0, "datum": "DATUM_WGS84"}}).encode(), JSON, 400),
        (json.dumps(LEAD | {"position": {"latitude": 30, "longitude": 120}}).encode(), JSON, 400),
        (json.dumps(LEAD | {"phone": "12345"}).encode(), JSON, 400),
        (b'{"companyName": "\xff\xfe"}', JSON, 400),
        (json.dumps(LEAD | {"need": "x" * (2 << 20)}).encode(), JSON, 413),
        (json.dumps(LEAD).encode(), {"Content-Type": "text/plain"}, 415),
    ],
    ids=["json", "unknown field", "enum", "enum number", "globe", "datum", "phone", "utf-8", "large", "type"],
)
def test_a_bad_lead_is_refused_precisely_and_leaves_nothing(
    played: Played, body: bytes, headers: dict[str, str], status: int
) -> None:
    before = len(played.all("/api/v1/leads", "leads", OPERATIONS))
    answer = played.call("POST", "/api/v1/leads", OPERATIONS, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["status"] == status
    assert problem["detail"] or problem["violations"]
    assert len(played.all("/api/v1/leads", "leads", OPERATIONS)) == before


@pytest.mark.spec("P1.5")
def test_negative_money_is_refused_by_field(played: Played) -> None:
    plan = played.get("/api/v1/plans", HEAD)["plans"][0]["planId"]
    row = {"level": "rep", "subject": STAR, "month": "2026-03", "target": {"fen": "-1", "currency": "CNY"}}
    answer = played.call("POST", f"/api/v1/plans/{plan}:import", OPERATIONS, json={"rows": [row], "reason": "x"})
    assert answer.status_code == 400
    assert "target" in answer.text


@pytest.mark.spec("P1.3")
@pytest.mark.parametrize("token", ["x", "nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJFMDAwMDEifQ."])
def test_a_forged_token_lets_nobody_in(played: Played, token: str) -> None:
    answer = httpx.get(f"{played.url}/api/v1/leads", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.spec("P1.7", "N1.1")
def test_callbacks_that_wecom_did_not_sign_are_refused(played: Played) -> None:
    query = {"msg_signature": "0" * 40, "timestamp": "1773108000", "nonce": "n"}
    body = "<xml><ToUserName>wwtrialcorp</ToUserName><Encrypt>AAAA</Encrypt></xml>"
    answer = httpx.post(f"{played.url}/callbacks/wecom", params=query, content=body)
    assert answer.status_code in (401, 403)
    assert answer.json()["reason"] == "CALLBACK_SIGNATURE_WRONG"


@pytest.mark.spec("N1.2", "N2.2")
def test_a_statement_cut_in_half_is_quarantined_whole(played: Played) -> None:
    ports = json.loads((played.folder / "ports.json").read_text())
    bank = f"http://127.0.0.1:{ports['simulator.bank']}"
    key = {"X-Api-Key": "bank-trial-key"}
    whole = httpx.get(f"{bank}/statements/571908881910001-00001.xml", headers=key).content
    upload = {"file": ("half.xml", whole[: len(whole) // 2], "application/xml")}
    before = played.get("/api/v1/collections", FINANCE, month="2026-03")
    stored = played.call("POST", "/api/v1/files", FINANCE, files=upload)
    assert stored.status_code == 201, stored.text
    run = played.call("POST", "/api/v1/bank-statements", FINANCE, json={"fileId": stored.json()["fileId"]})
    assert (run.json()["run"]["outcome"], run.json()["run"]["recordsNew"]) == ("failed", 0)
    (waiting,) = played.all("/api/v1/quarantine", "quarantined", FINANCE)
    assert waiting["runId"] == run.json()["run"]["runId"]
    assert waiting["reason"].startswith("the XML breaks off or is malformed at line")
    assert played.get("/api/v1/collections", FINANCE, month="2026-03") == before


@pytest.mark.spec("P1.4", "P3.1")
def test_a_service_reached_directly_without_identity_refuses(played: Played) -> None:
    ports = json.loads((played.folder / "ports.json").read_text())
    with grpc.insecure_channel(f"127.0.0.1:{ports['leads.grpc']}") as channel:
        call = channel.unary_unary("/closeloop.leads.v1.LeadService/ListLeads")
        with pytest.raises(grpc.RpcError) as refused:
            call(b"", timeout=10)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.spec("P9.1")
def test_no_service_can_open_a_neighbour_s_database(played: Played) -> None:
    programs = json.loads((played.folder / "programs.json").read_text())
    urls = {p["name"]: p["env"]["CLOSELOOP_DATABASE_URL"] for p in programs if "CLOSELOOP_DATABASE_URL" in p["env"]}
    assert len(urls) == 6
    own, _, _ = urls["leads"].rpartition("/")
    for neighbour in sorted(urls.keys() - {"leads"}):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(f"{own}/{neighbour}").close()


@pytest.mark.spec("P4.1")
def test_the_day_can_be_told_again_at_once(played: Played) -> None:
    again = played.closeloop("demo")
    assert again.returncode == 0, (again.stdout + again.stderr)[-4000:]
    assert "from the snapshot of the loaded company" in again.stdout


@pytest.mark.spec("P4.1")
def test_down_leaves_no_process_and_no_file(played: Played) -> None:
    assert played.processes()
    stopped = played.closeloop("down", "--remove-data")
    assert stopped.returncode == 0
    assert played.processes() == []
    assert not played.folder.exists()
