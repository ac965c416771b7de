from __future__ import annotations

from pathlib import Path

import pytest

from chassis.identity import Keyring, of_service
from chassis.signing_keys import main


@pytest.mark.spec("P1.4", "P4.2")
def test_an_installation_gets_a_key_for_each_process_and_everybody_trusts_them(tmp_path: Path) -> None:
    main([str(tmp_path), "leads", "activity"])
    trust = tmp_path / "trust/trust.json"
    leads = Keyring.load("leads", tmp_path / "leads/signing.pem", trust)
    activity = Keyring.load("activity", tmp_path / "activity/signing.pem", trust)
    assert activity.verify(leads.sign(of_service("leads"))) == of_service("leads")
    assert (tmp_path / "leads/signing.pem").stat().st_mode & 0o077 == 0


def test_keys_that_are_there_are_kept_and_a_new_process_joins(tmp_path: Path) -> None:
    main([str(tmp_path), "leads"])
    before = (tmp_path / "leads/signing.pem").read_bytes()
    main([str(tmp_path), "leads", "targets"])
    assert (tmp_path / "leads/signing.pem").read_bytes() == before
    Keyring.load("targets", tmp_path / "targets/signing.pem", tmp_path / "trust/trust.json")
