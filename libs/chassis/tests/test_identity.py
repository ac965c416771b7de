"""Only the right key can say who somebody is."""

from __future__ import annotations

import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.identity import CLOCK_SKEW, Identity, IdentityNotTrusted, Keyring, Trust, read_signing_key, write_trust
from chassis.testing.identity import Keys, as_hq, as_manager, as_partner, as_rep, as_service

CLAIMS = {
    "iss": "gateway", "aud": "closeloop", "sub": "E1", "kind": "person", "name": "n",
    "duties": ["hq"], "level": "company", "unit": "/HQ/",
}  # fmt: skip


def forged(keyring: Keyring, key: Ed25519PrivateKey | None = None, **changes: object) -> str:
    """A token made by hand, by default with the gateway's own key."""
    now = int(time.time())
    claims = CLAIMS | {"iat": now, "exp": now + 30} | changes
    kid = jwt.get_unverified_header(keyring.sign(as_rep()))["kid"]
    return jwt.encode(claims, key or keyring.private_key, algorithm="EdDSA", headers={"kid": kid})


@pytest.mark.spec("P1.4")
@pytest.mark.parametrize("who", [as_rep(), as_manager(), as_hq(), as_partner("P1", "partner"), as_service("gateway")])
def test_who_somebody_is_survives_the_way(keyring: Keyring, who: Identity) -> None:
    assert keyring.verify(keyring.sign(who)) == who


@pytest.mark.spec("P1.4")
def test_a_token_made_by_hand_with_the_right_key_is_good(keyring: Keyring) -> None:
    assert keyring.verify(forged(keyring)).duties == {"hq"}


@pytest.mark.spec("P1.4")
@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "somebody-else"},
        {"iat": int(time.time()) - 120, "exp": int(time.time()) - 60},
        {"exp": int(time.time()) + 3600},
        {"iss": "leads"},
        {"kind": "god"},
        {"level": "universe"},
        {"unit": "/HQ/EAST/HZ1"},
        {"sub": None},
        {"duties": None},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_token_that_says_too_much_is_refused(keyring: Keyring, lie: dict[str, object]) -> None:
    with pytest.raises(IdentityNotTrusted):
        keyring.verify(forged(keyring, **lie))


@pytest.mark.spec("P1.4")
def test_a_foreign_key_is_refused_even_under_a_trusted_name(keyring: Keyring) -> None:
    with pytest.raises(IdentityNotTrusted):
        keyring.verify(forged(keyring, Ed25519PrivateKey.generate()))


@pytest.mark.spec("P1.4")
@pytest.mark.parametrize("token", ["", "x", "a.b.c", "🙂"])
def test_what_is_no_token_is_refused(keyring: Keyring, token: str) -> None:
    with pytest.raises(IdentityNotTrusted):
        keyring.verify(token)


@pytest.mark.spec("P1.4")
def test_an_unsigned_token_is_refused(keyring: Keyring) -> None:
    with pytest.raises(IdentityNotTrusted):
        keyring.verify(jwt.encode(CLAIMS, None, algorithm="none"))


@pytest.mark.spec("P1.4", "P9.1")
@pytest.mark.parametrize("pose", [as_manager(), as_hq(), as_service("targets")])
def test_a_service_can_vouch_for_itself_alone(keys: Keys, pose: Identity) -> None:
    leads = keys.of("leads")

    assert leads.verify(leads.sign(as_service("leads"))) == as_service("leads")
    with pytest.raises(IdentityNotTrusted):
        leads.verify(leads.sign(pose))


@pytest.mark.spec("P1.4")
def test_a_key_taken_out_of_the_trust_file_is_refused_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    keys, seconds = Keys(tmp_path), [0.0]
    keys.of("gateway")
    key = read_signing_key(keys.path("gateway"))
    token = keys.of("leads").sign(as_service("leads"))
    gateway = Keyring("gateway", key, Trust(keys.trust, clock=lambda: seconds[0]))
    assert gateway.verify(token) == as_service("leads")

    write_trust(keys.trust, {"gateway": key.public_key()})

    seconds[0] += 0.1
    with pytest.raises(IdentityNotTrusted):
        gateway.verify(token)


@pytest.mark.spec("P1.4")
def test_a_key_put_into_the_trust_file_counts_at_once(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    keys.of("gateway")
    gateway = Keyring("gateway", read_signing_key(keys.path("gateway")), Trust(keys.trust, clock=lambda: 0.0))
    assert gateway.verify(keys.of("leads").sign(as_service("leads"))) == as_service("leads")


@pytest.mark.spec("P1.4")
def test_a_damaged_trust_file_leaves_the_last_good_keys_in_force(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    gateway = keys.of("gateway")

    keys.trust.write_text('{"keys": [')

    assert gateway.verify(gateway.sign(as_rep())) == as_rep()


@pytest.mark.spec("P1.4")
def test_a_token_seen_before_ends_with_its_time(keyring: Keyring) -> None:
    now = int(time.time())
    token = forged(keyring, iat=now - 10, exp=now - CLOCK_SKEW + 1)
    assert keyring.verify(token).subject == "E1"

    with pytest.raises(IdentityNotTrusted):
        verify_for(keyring, token, until=now + 10)


def verify_for(keyring: Keyring, token: str, until: float) -> None:
    while time.time() < until:
        keyring.verify(token)


def test_a_process_without_any_trusted_key_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no usable key"):
        Trust(tmp_path / "absent.json")


def test_a_signing_key_is_readable_by_its_owner_alone(keys: Keys) -> None:
    keys.of("gateway")

    assert keys.path("gateway").stat().st_mode & 0o077 == 0


def test_a_unit_without_its_closing_slash_is_refused() -> None:
    with pytest.raises(ValueError, match="HZ10"):
        as_manager(unit="/HQ/EAST/HZ1")
