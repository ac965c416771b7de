"""Signing in, staying in, being put out."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.config import ConfigError, Mode
from chassis.errors import Unavailable
from chassis.identity import (
    Keyring,
    Trust,
    generate_signing_key,
    key_id,
    of_service,
    read_signing_key,
    write_trust,
)
from chassis.testing.identity import Keys
from closeloop.integration.v1 import directory_service_pb2 as directory
from gateway.bootstrap import Gateway
from gateway.seal import Seal
from gateway.session.directory import NoAccess, People
from gateway.session.tokens import SessionNotValid, SessionTokens
from gateway.settings import GatewaySettings, SignIn

from .conftest import Door, Opener
from .neighbours import LEAD, Company

SESSION = "/api/v1/session"
LEADS = f"/api/v1/leads/{LEAD}"


@pytest.mark.spec("P1.3")
def test_sign_in_who_am_i_sign_out(door: Door) -> None:
    answer = door.client.post(SESSION, json={"employeeId": "E00001"})
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
    assert answer.json()["duties"] == ["rep"]

    me = door.client.get(SESSION).json()
    assert (me["employeeId"], me["level"], me["unit"]) == ("E00001", "self", "/HQ/EAST/HZ1/")
    assert "token" not in me

    held = dict(door.client.cookies)
    assert door.client.delete(SESSION).status_code == 204
    assert "closeloop_session" not in door.client.cookies
    again = door.client.get(SESSION, headers={"cookie": f"closeloop_session={held['closeloop_session']}"})
    assert again.status_code == 401


@pytest.mark.spec("P1.3")
def test_the_first_operator_needs_no_employee(door: Door, company: Company) -> None:
    company.people.clear()
    me = door.as_("bootstrap").get(SESSION).json()
    assert (me["duties"], me["level"]) == (["hq", "ops"], "company")
    assert company.asked_about == []


@pytest.mark.spec("P1.3")
@pytest.mark.parametrize(
    "body",
    [{}, {"employeeId": ""}, {"employeeId": 7}, {"employeeId": "E1", "duties": ["cio"]}, [], {"employeeId": "a\n"}],
)
def test_a_sign_in_that_says_nobody(door: Door, body: Any) -> None:
    assert door.client.post(SESSION, json=body).status_code == 400


@pytest.mark.spec("P1.3", "P1.6")
def test_a_sign_in_is_read_as_strictly_as_everything(door: Door) -> None:
    body = b'{"employeeId": "E00001", "employeeId": "E00100", "level": "company"}'
    answer = door.client.post(SESSION, content=body, headers={"content-type": "application/json"})
    assert {each["field"]: each["reason"] for each in answer.json()["violations"]} == {
        "level": "UNKNOWN_FIELD",
        "employeeId": "DOUBLED",
    }
    assert door.client.post(SESSION, data={"employeeId": "E00001"}).status_code == 415


@pytest.mark.spec("P1.3")
@pytest.mark.parametrize("status", ["FROZEN", "DISABLED", "DEPARTED", "UNSPECIFIED"])
def test_whoever_left_can_not_sign_in(door: Door, company: Company, status: str) -> None:
    company.employ("E00003", "rep", "self", directory.EmployeeStatus.Value(f"EMPLOYEE_STATUS_{status}"))
    answer = door.client.post(SESSION, json={"employeeId": "E00003"})
    assert (answer.status_code, answer.json()["reason"]) == (401, "NO_ACCESS")
    assert door.client.post(SESSION, json={"employeeId": "E99999"}).status_code == 401


@pytest.mark.spec("P1.3")
def test_without_a_session_nothing_opens(door: Door, company: Company) -> None:
    for path in (LEADS, SESSION, "/api/v1/stream", "/api/v1/files/" + "a" * 64):
        answer = door.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert company.seen == []


def forgeries(door: Door, keys: Keys) -> dict[str, str]:
    good = door.token("E00001")
    head, body, signature = good.split(".")
    claims = json.loads(urlsafe_b64decode(body + "=="))
    own = Ed25519PrivateKey.generate()
    real = read_signing_key(keys.path("gateway"))
    leads = keys.of("leads").private_key
    kid = jwt.get_unverified_header(good)["kid"]
    raised = urlsafe_b64encode(json.dumps(claims | {"sub": "E00100"}).encode()).rstrip(b"=").decode()
    none_head = urlsafe_b64encode(json.dumps({"alg": "none", "kid": kid}).encode()).rstrip(b"=").decode()
    return {
        "nonsense": "abc",
        "no signature": f"{none_head}.{body}.",
        "another subject": f"{head}.{raised}.{signature}",
        "own key": jwt.encode(claims, own, "EdDSA", {"kid": kid}),
        "unknown kid": jwt.encode(claims, own, "EdDSA", {"kid": key_id(own.public_key())}),
        "a service's key": jwt.encode(claims, leads, "EdDSA", {"kid": key_id(leads.public_key())}),
        "expired": jwt.encode(claims | {"exp": int(time.time()) - 1}, real, "EdDSA", {"kid": kid}),
        "no expiry": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, real, "EdDSA", {"kid": kid}),
        "another audience": jwt.encode(claims | {"aud": "closeloop"}, real, "EdDSA", {"kid": kid}),
        "an identity between services": keys.of("gateway").sign(of_service("gateway")),
    }


@pytest.mark.spec("P1.3")
def test_forged_expired_and_foreign_tokens_are_all_refused_alike(door: Door, company: Company, keys: Keys) -> None:
    for kind, token in forgeries(door, keys).items():
        answer = door.client.get(LEADS, headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["reason"]) == (401, "SESSION_NOT_VALID"), kind
    assert company.seen == []


@pytest.mark.spec("P1.3")
def test_a_rotated_key_leaves_the_sessions_of_the_old_one_valid(tmp_path: Path) -> None:
    for name in ("old", "new"):
        generate_signing_key(tmp_path / name)
    old, new = (read_signing_key(tmp_path / name) for name in ("old", "new"))
    trust = tmp_path / "trust.json"
    write_trust(trust, {"gateway": [old.public_key()]})
    token, _ = SessionTokens(Seal(Keyring("gateway", old, Trust(trust)), Trust(trust)), 60).issue("E1", "test")

    write_trust(trust, {"gateway": [old.public_key(), new.public_key()]})
    seconds = [0.0]
    watched = Trust(trust, clock=lambda: seconds[0])
    rotated = SessionTokens(Seal(Keyring("gateway", new, watched), watched), 60)
    assert rotated.read(token).employee_id == "E1"
    assert rotated.read(rotated.issue("E2", "test")[0]).employee_id == "E2"

    write_trust(trust, {"gateway": [new.public_key()]})
    seconds[0] += 0.1
    with pytest.raises(SessionNotValid):
        rotated.read(token)


@pytest.mark.spec("P1.3")
def test_a_session_that_was_read_before_ends_on_time_all_the_same(tmp_path: Path) -> None:
    generate_signing_key(tmp_path / "key")
    key, trust = read_signing_key(tmp_path / "key"), tmp_path / "trust.json"
    write_trust(trust, {"gateway": [key.public_key()]})
    tokens = SessionTokens(Seal(Keyring("gateway", key, Trust(trust)), Trust(trust)), 2)
    token, _ = tokens.issue("E1", "test")
    assert tokens.read(token) is tokens.read(token)
    refusals: list[SessionNotValid] = []
    ends = time.monotonic() + 5
    while not refusals and time.monotonic() < ends:
        try:
            tokens.read(token)
        except SessionNotValid as refusal:
            refusals.append(refusal)
    assert refusals


@pytest.mark.spec("P1.3")
def test_a_disabled_employee_is_out_when_the_access_is_read_again(opener: Opener, company: Company) -> None:
    with opener.open(company, access_fresh=0.05) as door:
        rep = door.as_("E00001")
        assert rep.get(LEADS).status_code == 200
        company.employ("E00001", "rep", "self", directory.EMPLOYEE_STATUS_DISABLED)
        ends = time.monotonic() + 5
        while rep.get(LEADS).status_code == 200 and time.monotonic() < ends:
            pass
        assert rep.get(LEADS).status_code == 401


class Ages:
    """A clock in seconds that a test moves, and a directory that counts."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.away = False
        self.answer = directory.GetAccessResponse(
            employee_id="E1", status=directory.EMPLOYEE_STATUS_ACTIVE, level="self", unit="/HQ/"
        )
        self.people = People(self.ask, fresh=30, stale=60, clock=lambda: self.now)

    async def ask(self, employee_id: str) -> directory.GetAccessResponse:
        self.asked += 1
        if self.away:
            raise Unavailable
        return self.answer


@pytest.mark.spec("P1.3", "P7.2")
async def ages_of_access() -> None:
    ages = Ages()
    await ages.people.identity("E1")
    ages.now = 29
    await ages.people.identity("E1")
    assert ages.asked == 1
    ages.now, ages.away = 31, True
    await ages.people.identity("E1")
    assert ages.asked == 2
    ages.now = 61
    with pytest.raises(Unavailable):
        await ages.people.identity("E1")
    ages.away, ages.answer.status = False, directory.EMPLOYEE_STATUS_FROZEN
    with pytest.raises(NoAccess):
        await ages.people.identity("E1")


@pytest.mark.spec("P1.3", "P7.2")
def test_access_is_kept_half_a_minute_and_bridges_an_outage_of_another_half() -> None:
    asyncio.run(ages_of_access())


@pytest.mark.spec("P1.3")
def test_people_who_come_together_are_asked_about_once() -> None:
    async def crowd() -> int:
        ages = Ages()
        await asyncio.gather(*(ages.people.identity("E1") for _ in range(50)))
        return ages.asked

    assert asyncio.run(crowd()) == 1


@pytest.mark.spec("P1.3")
def test_the_development_provider_refuses_to_start_outside_local_mode(opener: Opener) -> None:
    values = opener.values | {"mode": Mode.PRODUCTION, "sign_in": SignIn.DEVELOPMENT}
    with pytest.raises(ConfigError, match="local mode only"):
        Gateway(GatewaySettings(**values))


@pytest.mark.spec("P1.3")
def test_in_production_nobody_signs_in_by_name_and_cookies_need_https(opener: Opener, company: Company) -> None:
    with opener.open(company, mode=Mode.PRODUCTION) as door:
        answer = door.client.post(SESSION, json={"employeeId": "bootstrap"})
        assert (answer.status_code, answer.json()["reason"]) == (409, "NO_WAY_IN")
        assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.spec("P9.1")
def test_a_foreign_page_can_not_act_with_somebodys_cookie(opener: Opener, company: Company) -> None:
    with opener.open(company, cors_origins=["https://console.example"]) as door:
        door.client.post(SESSION, json={"employeeId": "E00001"})
        accept = f"{LEADS}:accept"
        refused = door.client.post(accept, headers={"origin": "https://evil.example"})
        assert (refused.status_code, refused.json()["reason"]) == (403, "FOREIGN_ORIGIN")
        assert company.seen == []
        for origin in ("https://console.example", door.url):
            assert door.client.post(accept, headers={"origin": origin}).status_code == 200
