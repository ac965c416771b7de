"""What the chart makes of the values for backups (P5.4)."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.deploy.kubernetes_schemas import VERSIONS, violations
from tests.deploy.rendering import (
    CHART,
    Resource,
    container,
    name,
    named,
    of_kind,
    plain_env,
    pods,
    refusal,
    render,
    secret_env,
)
from tests.deploy.test_chart_network import ELSEWHERE, lets_in, reaches_port, rules
from tests.observability.rules import alerts

pytestmark = pytest.mark.spec("P5.4", "P5.1", "P5.2")
SERVERS = """[
  {"name": "main", "host": "db.example.com", "secret": "closeloop-backup"},
  {"name": "incentives", "host": "10.1.0.9", "port": 6432, "user": "copier", "secret": "incentives-db", "key": "backup"}
]"""
ON = (
    "backup.enabled=true",
    f"backup.servers={SERVERS}",
    'backup.persistentVolumeClaim="closeloop-backups"',
    'backup.sslmode="verify-full"',
)


def backups() -> dict[str, Resource]:
    """Jobs of backups by name."""
    return {name(each): each for each in of_kind(render("medium", *ON), "CronJob") if "-backup-" in name(each)}


def pod_of(job: Resource) -> Resource:
    return dict(job["spec"]["jobTemplate"]["spec"]["template"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("example", ["medium", "large"])
def test_the_api_server_takes_every_resource(example: str, version: str) -> None:
    values = ON if example == "medium" else (*ON[:3], 'podLabels={"a":"b"}', 'podAnnotations={"c":"d"}')
    found = {name(each): violations(each, version) for each in render(example, *values) if "backup" in name(each)}
    assert len(found) >= 5
    assert {which: what for which, what in found.items() if what} == {}


def test_nothing_is_made_unless_it_is_asked_for() -> None:
    # The alerts come with all the others and are quiet where no such job is.
    assert {each["kind"] for each in render("medium") if "backup" in name(each)} == {"PrometheusRule"}


def test_each_server_has_a_full_backup_weekly_and_an_incremental_one_daily() -> None:
    schedules = {which: job["spec"]["schedule"] for which, job in backups().items()}
    weekly, daily = "30 0 * * 0", "30 3 * * *"
    assert schedules == {
        "sales-closeloop-backup-main-full": weekly,
        "sales-closeloop-backup-main-incr": daily,
        "sales-closeloop-backup-incentives-full": weekly,
        "sales-closeloop-backup-incentives-incr": daily,
    }
    for which, job in backups().items():
        assert job["spec"]["timeZone"] == "Asia/Shanghai"
        assert job["spec"]["concurrencyPolicy"] == "Forbid"
        (_, _, said) = container(pod_of(job))["command"]
        done = [each.split()[-1] for each in said.split(";")]
        assert done == (["full", "prune"] if which.endswith("full") else ["incremental"])


def test_the_alerts_look_at_the_jobs_of_these_names() -> None:
    failed, late = (alert.expr for alert in alerts() if alert.name.startswith("Backup"))
    (of_job,) = re.findall(r'job_name=~"([^"]+)"', failed)
    of_cronjobs = set(re.findall(r'cronjob=~"([^"]+)"', late))
    for which in backups():
        assert re.fullmatch(of_job, f"{which}-29386012")
        assert [each for each in of_cronjobs if re.fullmatch(each, which)] == [f".+-backup-.+-{which[-4:]}"]
    others = {name(each) for each in of_kind(render("medium", *ON), "CronJob")} - backups().keys()
    assert others
    assert not [each for each in others if re.fullmatch(of_job, f"{each}-29386012")]


def test_a_pod_knows_its_server_and_its_password_by_reference() -> None:
    pod = pod_of(backups()["sales-closeloop-backup-incentives-full"])
    env = plain_env(pod)
    assert (env["PGHOST"], env["PGPORT"], env["PGUSER"]) == ("10.1.0.9", "6432", "copier")
    assert (env["PGSSLMODE"], env["PGSSLROOTCERT"]) == ("verify-full", "/etc/closeloop/database/ca.crt")
    assert (env["BACKUP_FOLDER"], env["BACKUP_WEEKS"]) == ("/backups/incentives", "4")
    assert secret_env(pod) == {"PGPASSWORD": ("incentives-db", "backup")}
    main = pod_of(backups()["sales-closeloop-backup-main-incr"])
    assert (plain_env(main)["PGPORT"], plain_env(main)["PGUSER"]) == ("5432", "backup")
    assert secret_env(main) == {"PGPASSWORD": ("closeloop-backup", "password")}


def test_what_a_pod_runs_is_the_script_that_was_tested() -> None:
    resources = render("medium", *ON)
    script = (CHART / "files/backup/backup.sh").read_text()
    assert named(resources, "ConfigMap", "sales-closeloop-backup")["data"]["backup.sh"].strip() == script.strip()
    for job in backups().values():
        pod = pod_of(job)
        places = {each["name"]: each["mountPath"] for each in container(pod)["volumeMounts"]}
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        assert places.keys() == volumes.keys()
        assert volumes["script"]["configMap"]["name"] == "sales-closeloop-backup"
        assert f"{places['script']}/backup.sh" in container(pod)["command"][-1]
        assert volumes["backups"]["persistentVolumeClaim"] == {"claimName": "closeloop-backups"}
        assert plain_env(pod)["BACKUP_FOLDER"].startswith(f"{places['backups']}/")


def test_a_pod_fits_the_restricted_standard() -> None:
    for job in backups().values():
        spec, only = pod_of(job)["spec"], container(pod_of(job))
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert only["securityContext"]["readOnlyRootFilesystem"] is True
        assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} <= only["resources"]["requests"].keys()
        assert "memory" in only["resources"]["limits"]


def test_a_pod_reaches_its_servers_and_nobody_reaches_it() -> None:
    resources = render("medium", *ON)
    for job in backups().values():
        pod = pod_of(job)
        assert all(reaches_port(resources, pod, port) for port in (5432, 6432))
        assert reaches_port(resources, pod, 53, "UDP")
        opened = {each["port"] for rule in rules(resources, pod, "egress") for each in rule["ports"]}
        assert opened == {53, 5432, 6432}
        assert not list(rules(resources, pod, "ingress"))
        assert not lets_in(resources, ELSEWHERE, pod)
    denied = named(resources, "NetworkPolicy", "sales-closeloop-default-deny")["spec"]["podSelector"]["matchLabels"]
    assert all(denied.items() <= pod["metadata"]["labels"].items() for _, pod in pods(resources))


def test_names_stay_within_what_kubernetes_allows() -> None:
    long = ON[1].replace('"main"', '"integration"')
    resources = render("small", ON[0], long, ON[2], release="a-release-of-a-very-long-name-in-our-cluster")
    assert {len(name(each)) for each in of_kind(resources, "CronJob") if "backup-integration" in name(each)} == {52}


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (ON[:1], "backup.enabled: backup.servers and backup.persistentVolumeClaim must be set"),
        ((ON[0], ON[1]), "backup.persistentVolumeClaim must be set"),
        (ON, "database.ca.secret must name the certificate to check against"),
        ((ON[0], ON[1].replace('"incentives"', '"main"'), ON[2]), "backup.servers: two are named main"),
        (('backup.servers=[{"name":"main","host":"h","password":"hunter2"}]',), "/backup/servers/0"),
        (('backup.servers=[{"name":"a-name-too-long","host":"h","secret":"s"}]',), "/backup/servers/0/name"),
        (('backup.incrementalSchedule="daily"',), "/backup/incrementalSchedule"),
        (("backup.weeks=0",), "/backup/weeks"),
        (('backup.image="postgres"',), "/backup/image"),
    ],
)
def test_wrong_values_are_refused(sets: tuple[str, ...], words: str) -> None:
    assert words in refusal("small", *sets)


def test_the_script_is_posix_shell() -> None:
    done = subprocess.run(["sh", "-n", str(CHART / "files/backup/backup.sh")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
