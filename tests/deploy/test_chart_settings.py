"""The chart and the services mean the same settings (P4.2, P5.1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.bus import BusSettings
from chassis.config import Settings, load
from tests.deploy.rendering import EXAMPLES, SERVICES, container, pods, render, secret_env, service_of
from tools.pages import chart_settings

OF_THE_FILE_STORE = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
}  # fmt: skip
# What a Secret would hold.
SECRETS = {"CLOSELOOP_DATABASE_URL": "postgresql://u:p@db/x", "CLOSELOOP_REDIS_URL": "redis://r/0"}
KNOWN = {service: chart_settings.every_setting(service) for service in SERVICES}
CLASSES = {service: chart_settings.classes_of(service) for service in SERVICES}


def environments(example: str) -> list[tuple[str, str, dict[str, str]]]:
    """Owner, service and whole environment of each pod, secrets filled in."""
    found = []
    for owner, pod in pods(render(example)):
        env = {e["name"]: e.get("value") or SECRETS.get(e["name"], "from-a-secret") for e in container(pod)["env"]}
        found.append((owner, service_of(pod), env))
    return found


@pytest.mark.spec("P5.1", "P4.2")
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_variable_is_one_that_the_service_reads(example: str) -> None:
    for owner, service, env in environments(example):
        assert env.keys() - KNOWN[service] - OF_THE_FILE_STORE == set(), owner


@pytest.mark.spec("P5.1", "N1.2")
def test_what_is_for_local_mode_can_not_be_said_in_the_values() -> None:
    said = {name for service in SERVICES for name in chart_settings.settings_of(service)}
    assert "SOURCE_NETWORKS" in said
    assert said & {"CLOCK_FILE", "SIMULATED_SOURCES"} == set()


@pytest.mark.spec("P5.1", "P4.2")
@pytest.mark.parametrize("example", EXAMPLES)
def test_no_variable_is_set_twice(example: str) -> None:
    for owner, pod in pods(render(example)):
        names = [each["name"] for each in container(pod)["env"]]
        assert len(names) == len(set(names)), owner


@pytest.mark.spec("P5.1", "P4.2")
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_service_accepts_what_it_is_told(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for _, service, env in environments(example):
        with monkeypatch.context() as process:
            for variable, value in env.items():
                process.setenv(variable, value)
            for each in CLASSES[service]:
                if issubclass(each, Settings):
                    load(each)
            bus = BusSettings()
            assert bus.addresses
            assert bus.connection()["security_protocol"] == env["CLOSELOOP_KAFKA_SECURITY_PROTOCOL"]


@pytest.mark.spec("P5.1")
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_gateway_could_start(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.settings import GatewaySettings, SignIn

    env = next(env for _, service, env in environments(example) if service == "gateway")
    for variable, value in env.items():
        monkeypatch.setenv(variable, value)
    settings = load(GatewaySettings)
    settings.check()
    assert settings.way_in is SignIn.OIDC
    assert not settings.is_local


@pytest.mark.spec("P5.1", "P9.1")
@pytest.mark.parametrize("example", EXAMPLES)
def test_no_secret_stands_in_the_open(example: str) -> None:
    secret = {"CLOSELOOP_DATABASE_URL", "CLOSELOOP_REDIS_URL", "CLOSELOOP_KAFKA_SASL_PASSWORD"}
    secret |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    for service in SERVICES:
        known = chart_settings.settings_of(service)
        secret |= {f"CLOSELOOP_{name}" for name, kind in known.items() if kind.get("writeOnly")}
    for owner, pod in pods(render(example)):
        told = {each["name"] for each in container(pod)["env"]}
        assert told & secret == secret_env(pod).keys() & secret, owner
        if service_of(pod) != "gateway":
            assert "CLOSELOOP_DATABASE_URL" in secret_env(pod)


@pytest.mark.spec("P5.1")
def test_each_service_has_a_database_of_its_own() -> None:
    urls = {service_of(p): secret_env(p).get("CLOSELOOP_DATABASE_URL") for _, p in pods(render("large"))}
    assert urls["leads"] == ("leads-db-app", "uri")
    assert urls["targets"] == ("closeloop-database", "targets")
    assert urls["gateway"] is None
    assert len(set(urls.values())) == len(SERVICES)


@pytest.mark.spec("P5.1")
def test_numbers_reach_the_service_as_they_were_written() -> None:
    gateway = next(env for _, service, env in environments("large") if service == "gateway")
    assert gateway["CLOSELOOP_BODY_LIMIT"] == "2097152"
    incentives = next(env for _, service, env in environments("large") if service == "incentives")
    assert incentives["CLOSELOOP_RULE_SECONDS"] == "0.2"
    integration = next(env for _, service, env in environments("medium") if service == "integration")
    assert integration["CLOSELOOP_SMTP_STARTTLS"] == "true"
    assert integration["CLOSELOOP_BANK_ACCOUNTS"] == "6222000000000001"


@pytest.mark.spec("P5.1")
def test_the_store_of_files_is_told_what_the_values_say() -> None:
    """That it reads these variables is tried against a server in test_own_servers."""
    pod = next(pod for _, pod in pods(render("medium", "files.s3.virtualHostedStyle=true")))
    told = {e["name"]: e.get("value") for e in container(pod)["env"] if e["name"].startswith("AWS_")}
    assert told.keys() == OF_THE_FILE_STORE
    assert told["AWS_ENDPOINT_URL"] == "https://oss.example.com"
    assert (told["AWS_ALLOW_HTTP"], told["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"]) == ("false", "true")


@pytest.mark.spec("P5.1")
def test_a_folder_for_files_is_the_claim() -> None:
    for owner, pod in pods(render("small")):
        env = {each["name"]: each.get("value", "") for each in container(pod)["env"]}
        folder = Path(env["CLOSELOOP_FILES_URL"].removeprefix("file://"))
        volume = {each["mountPath"]: each["name"] for each in container(pod)["volumeMounts"]}[str(folder)]
        (claim,) = [each for each in pod["spec"]["volumes"] if each["name"] == volume]
        assert claim["persistentVolumeClaim"]["claimName"] == "closeloop-files", owner
