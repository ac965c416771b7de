"""Programs of partners at the door: what their key opens, how often, and until when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

import httpx
import pytest

from chassis.errors import Unavailable
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from closeloop.integration.v1.api_key_service_pb2 import ApiKey

from .conftest import Door, Opener
from .neighbours import LEAD, Company


def key_of(company: Company, *, groups: tuple[str, ...] = ("leads.CaptureService",), life: float = 3600) -> str:
    """A key that integration knows."""
    key_id = new_id()
    token = f"ck_{UUID(key_id).hex}_{'s' * 43}"
    key = ApiKey(key_id=key_id, name="华东代理", duties=["partner"], groups=groups)
    key.expires_at.FromSeconds(int(time.time() + life))
    company.api_keys[sha256(token.encode()).digest()] = key
    return token


def knock(door: Door, token: str) -> httpx.Response:
    """The partner brings a lead."""
    lead = {"companyName": "临安电子", "channel": "partner"}
    return door.client.post("/api/v1/leads", json=lead, headers=_shown(token))


def _shown(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "accept-language": "en"}


@pytest.fixture
def quick(opener: Opener, company: Company) -> Iterator[Door]:
    """Asks anew each time."""
    with opener.open(company, access_fresh=0.0001) as door:
        yield door


@pytest.mark.spec("P1.3")
def test_a_key_acts_as_its_partner_with_its_duties_alone(door: Door, company: Company) -> None:
    token = key_of(company)
    assert knock(door, token).status_code == 200
    key_id = str(UUID(token.split("_")[1]))
    assert company.callers == [Identity(f"partner:{key_id}", "partner", "华东代理", frozenset({"partner"}), "self", "")]
    knock(door, token)
    assert company.asked_about == [key_id], "what it opens is kept for a while"


@pytest.mark.spec("P1.3")
def test_a_key_opens_the_services_it_names_and_no_other_door(door: Door, company: Company) -> None:
    token = key_of(company)
    refused = door.client.get(f"/api/v1/leads/{LEAD}", headers=_shown(token))
    assert (refused.status_code, refused.json()["reason"]) == (403, "KEY_OUT_OF_SCOPE")
    assert company.seen == []
    for path in ("/api/v1/session", "/api/v1/stream", f"/api/v1/files/{'0' * 64}"):
        assert door.client.get(path, headers=_shown(token)).status_code == 401, path


@pytest.mark.spec("P1.3", "P1.4")
def test_a_key_has_no_more_than_its_duties_whatever_it_names(door: Door, company: Company) -> None:
    token = key_of(company, groups=("leads.LeadService",))
    refused = door.client.get(f"/api/v1/leads/{LEAD}", headers=_shown(token))
    assert (refused.status_code, refused.json()["reason"]) == (403, "PEOPLE_ONLY")


@pytest.mark.spec("P1.3", "P9.1")
@pytest.mark.parametrize(
    "damage", ["", "x", "ck_", "ck_zz_secret", "ck_" + "0" * 32 + "_" + "s" * 43, "ck_" + "0" * 9000]
)
def test_what_is_no_key_of_ours_is_refused_alike(door: Door, company: Company, damage: str) -> None:
    good = key_of(company)
    wrong = damage if damage.startswith("ck_") else good + damage + "t"
    refused = knock(door, wrong)
    assert (refused.status_code, refused.json()["reason"]) == (401, "KEY_NOT_VALID")
    assert company.seen == []


@pytest.mark.spec("P1.3")
def test_a_key_ends_with_its_time_although_it_is_remembered(door: Door, company: Company) -> None:
    token = key_of(company, life=-1)
    assert knock(door, token).status_code == 401


@pytest.mark.spec("P1.3")
def test_a_revoked_key_is_out_when_it_is_asked_about_again(quick: Door, company: Company) -> None:
    token = key_of(company)
    assert knock(quick, token).status_code == 200
    company.api_keys.clear()
    assert knock(quick, token).status_code == 401


@pytest.mark.spec("P1.3")
def test_nobody_gets_in_by_a_key_while_nobody_can_say_whose_it_is(quick: Door, company: Company) -> None:
    token = key_of(company)

    def away() -> None:
        raise Unavailable

    company.directory_refuses = away
    assert knock(quick, token).status_code == 503


@pytest.mark.spec("P1.3")
def test_each_key_and_each_guesser_has_a_limit(opener: Opener, company: Company) -> None:
    token, other = key_of(company), key_of(company)
    with opener.open(company, rate_per_key="3/minute", rate_of_key_tries="5/minute") as door:
        assert [knock(door, token).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert knock(door, other).status_code == 200
        guesses = [knock(door, f"ck_{'0' * 32}_{number}").status_code for number in range(5)]
        assert guesses == [401, 401, 401, 429, 429], "five unknown keys a minute from one address, two were good"
        assert knock(door, other).status_code == 200, "who is known is not kept out by guessers"
