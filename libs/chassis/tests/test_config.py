"""Settings come from the environment and fail early, in words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from chassis.bus import BusSettings
from chassis.config import ConfigError, Mode, Settings, load


class LeadsSettings(Settings):
    probe_timeout: float = 0.2
    region: str


@pytest.mark.spec("P3.1")
def test_a_service_reads_its_own_and_the_common_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_MODE", "local")
    monkeypatch.setenv("CLOSELOOP_REGION", "cn-east")
    monkeypatch.setenv("CLOSELOOP_PEERS", "leads=127.0.0.1:7001, integration=[::1]:7002,")

    settings = load(LeadsSettings)

    assert (settings.mode, settings.region) == (Mode.LOCAL, "cn-east")
    assert settings.peer("integration") == "[::1]:7002"


@pytest.mark.spec("P4.1")
def test_everything_wrong_is_told_in_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_GRPC_PORT", "99999")
    monkeypatch.setenv("CLOSELOOP_PEERS", "leads")

    with pytest.raises(ConfigError) as caught:
        load(LeadsSettings)

    assert str(caught.value).splitlines() == [
        "CLOSELOOP_GRPC_PORT: Input should be less than or equal to 65535.",
        "CLOSELOOP_PEERS: expected name=host:port,name=host:port.",
        "CLOSELOOP_REGION: Field required.",
    ]


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().mode = Mode.LOCAL  # type: ignore[misc]


def test_what_is_needed_is_asked_for_by_its_variable() -> None:
    with pytest.raises(ConfigError, match="CLOSELOOP_DATABASE_URL, CLOSELOOP_SIGNING_KEY must be set"):
        Settings(database_url="", signing_key=None).require("database_url", "signing_key")
    with pytest.raises(ConfigError, match="CLOSELOOP_PEERS does not name “targets”"):
        Settings(peers={}).peer("targets")


@pytest.mark.spec("P4.2")
def test_settings_of_the_broker_are_told_by_their_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_KAFKA_PROFILE", "embeded")
    monkeypatch.setenv("CLOSELOOP_KAFKA_SECURITY_PROTOCOL", "TLS")
    with pytest.raises(ConfigError) as caught:
        load(BusSettings)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["CLOSELOOP_KAFKA_PROFILE", "CLOSELOOP_KAFKA_SECURITY_PROTOCOL"]


@pytest.mark.spec("P4.2")
def test_half_a_password_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("CLOSELOOP_KAFKA_SASL_MECHANISM", "SCRAM-SHA-512")
    monkeypatch.setenv("CLOSELOOP_KAFKA_SASL_USERNAME", "closeloop")
    with pytest.raises(ConfigError, match=r"^CLOSELOOP_KAFKA_SECURITY_PROTOCOL is SASL_SSL: .*PASSWORD must be set.$"):
        load(BusSettings)
    monkeypatch.setenv("CLOSELOOP_KAFKA_SASL_PASSWORD", "secret")
    assert load(BusSettings).connection()["sasl_plain_password"] == "secret"
