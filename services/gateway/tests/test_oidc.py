"""Signing in by an OpenID provider, as a browser does it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from chassis.config import ConfigError, Mode
from gateway.bootstrap import Gateway
from gateway.settings import GatewaySettings, SignIn
from simulators.oidc import OidcProvider

from .conftest import Door, Opener
from .neighbours import Company

LOGIN, CALLBACK = "/api/v1/session/login", "/api/v1/session/callback"
PUBLIC = "https://closeloop.example"


@pytest.fixture
def provider() -> Iterator[OidcProvider]:
    started = OidcProvider("closeloop", "secret").start()
    yield started
    started.stop()


@pytest.fixture
def office(opener: Opener, company: Company, provider: OidcProvider) -> Iterator[Door]:
    """A gateway that sends people to the provider."""
    values: dict[str, Any] = {
        "sign_in": SignIn.OIDC, "oidc_issuer": provider.issuer, "oidc_client_id": "closeloop",
        "oidc_client_secret": "secret", "oidc_key_pause": 0, "public_url": PUBLIC, "rate_of_sign_in": "100000/minute",
    }  # fmt: skip
    with opener.open(company, **values) as door:
        yield door


def sign_in(door: Door, to: str = "/leads") -> httpx.Response:
    """To the provider and back; the answer of the callback."""
    return door.client.get(way_back(door, to))


def way_back(door: Door, to: str = "/leads") -> str:
    """Where the provider sends the browser, at the test's own address."""
    begun = door.client.get(LOGIN, params={"to": to})
    assert begun.status_code == 302, begun.text
    sent = httpx.get(begun.headers["location"], trust_env=False)
    assert sent.headers["location"].startswith(PUBLIC + CALLBACK)
    return str(sent.headers["location"].removeprefix(PUBLIC))


@pytest.mark.spec("P1.3")
def test_a_person_signs_in_and_goes_on(office: Door) -> None:
    done = sign_in(office)
    assert (done.status_code, done.headers["location"]) == (303, "/leads")
    assert office.client.get("/api/v1/session").json()["employeeId"] == "E00001"
    assert office.client.post("/api/v1/session", json={"employeeId": "E00100"}).status_code == 409


@pytest.mark.spec("P1.3")
def test_the_provider_rotates_its_keys_and_nobody_is_signed_out(office: Door, provider: OidcProvider) -> None:
    assert sign_in(office).status_code == 303
    provider.rotate()
    assert office.client.get("/api/v1/session").status_code == 200
    assert sign_in(office).status_code == 303


WRONG: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "other"},
    "another issuer": {"iss": "https://evil.example"},
    "another sign-in": {"nonce": "n"},
    "over": {"exp": int(time.time()) - 3600},
    "no employee": {"preferred_username": ""},
}


@pytest.mark.spec("P1.3", "P9.1")
@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_that_says_something_else_lets_nobody_in(
    office: Door, provider: OidcProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    refused(office, sign_in(office))


@pytest.mark.spec("P1.3", "P9.1")
def test_a_token_signed_by_a_stranger_lets_nobody_in(office: Door, provider: OidcProvider) -> None:
    provider.signer = (provider.signer[0], generate_private_key(65537, 2048))
    refused(office, sign_in(office))
    provider.signer = ("unknown", provider.signer[1])
    refused(office, sign_in(office))


@pytest.mark.spec("P1.3", "P9.1")
def test_a_way_back_is_good_once_and_in_its_own_browser(office: Door) -> None:
    back = way_back(office)
    with httpx.Client(base_url=office.url, trust_env=False) as other:
        refused(office, other.get(back))
    refused(office, office.client.get(back.replace("state=", "state=x")))
    refused(office, office.client.get(back.replace("state=", "state=%C3%A9")))
    assert office.client.get(back).status_code == 303
    office.client.cookies.clear()
    refused(office, office.client.get(back))


@pytest.mark.spec("P9.1")
@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"])
def test_nobody_is_sent_to_a_foreign_page(office: Door, to: str) -> None:
    assert sign_in(office, to).headers["location"] == "/"


@pytest.mark.spec("P1.3")
def test_whoever_has_left_does_not_get_in(office: Door, provider: OidcProvider) -> None:
    provider.person = "E77777"
    assert sign_in(office).status_code == 401


@pytest.mark.spec("P1.3")
def test_a_provider_without_https_is_refused_in_production(opener: Opener) -> None:
    values = opener.values | {
        "mode": Mode.PRODUCTION, "sign_in": SignIn.OIDC, "oidc_issuer": "http://idp.example", "oidc_client_id": "c",
        "public_url": PUBLIC,
    }  # fmt: skip
    with pytest.raises(ConfigError, match="OIDC_ISSUER"):
        Gateway(GatewaySettings(**values))


def refused(door: Door, answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["reason"]) == (401, "SIGN_IN_REFUSED")
    assert "closeloop_session" not in answer.cookies
