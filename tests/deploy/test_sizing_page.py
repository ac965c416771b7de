"""docs/sizing.md says what the examples ask for today."""

from __future__ import annotations

import re

import pytest

from chassis.config import Settings
from chassis.service.runtime import FOR_LOOPS
from leads.settings import LeadsSettings
from tests.deploy.rendering import EXAMPLES, ROOT, Resource, container, name, of_kind, render, service_of

# Beside the pool and the connection of the policies: a relay has one of its own, and so has a consumer for its lanes.
OF_ROLES = {"serve": 0, "consume": 1, "relay": 1, "jobs": 0, "all": 2}
PAGE = (ROOT / "docs/sizing.md").read_text(encoding="utf-8")


def replicas(example: str) -> dict[str, tuple[int, Resource]]:
    """Of each Deployment when nothing has been scaled yet, with its pod."""
    resources = render(example)
    least = {
        e["spec"]["scaleTargetRef"]["name"]: e["spec"]["minReplicas"]
        for e in of_kind(resources, "HorizontalPodAutoscaler")
    }
    found = of_kind(resources, "Deployment")
    return {name(e): (e["spec"].get("replicas") or least[name(e)], e["spec"]["template"]) for e in found}


def connections(pod: Resource) -> int:
    """At most, with the threads that the service has when nothing else is set."""
    settings = LeadsSettings if service_of(pod) == "leads" else Settings
    threads, role = settings.model_fields["grpc_threads"].default, pod["metadata"]["labels"]["closeloop/role"]
    # The directory's memory is renewed beside the answers (ADR 0014).
    memory = service_of(pod) == "integration" and role in ("serve", "all")
    return int(threads) + FOR_LOOPS + 1 + OF_ROLES[role] + memory


def cores(text: str | int) -> float:
    return float(str(text).removesuffix("m")) / (1000 if str(text).endswith("m") else 1)


def gigabytes(text: str) -> float:
    units = {"Mi": 1 / 1024, "Gi": 1.0}
    return float(text[:-2]) * units[text[-2:]]


@pytest.mark.spec("P5.1")
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_table_of_examples_is_true(example: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if f"examples/{example}.yaml" in line]
    pods = replicas(example).values()
    asked = [(count, container(pod)["resources"]["requests"]) for count, pod in pods]
    total = (
        sum(count for count, _ in asked),
        sum(count * cores(request["cpu"]) for count, request in asked),
        sum(count * gigabytes(request["memory"]) for count, request in asked),
    )
    told = re.search(r"\| (\d+)[^|]*\| ([\d.]+) cores, ([\d.]+) GB \|", row)
    assert told is not None
    assert [float(each) for each in told.groups()] == pytest.approx(total, abs=0.06)


@pytest.mark.spec("P5.1")
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_table_of_connections_is_true(example: str) -> None:
    (row,) = re.findall(rf"^\| {example} \| (\d+)[^|]*\| (\d+) \|", PAGE, re.M)
    with_database = [(count, pod) for count, pod in replicas(example).values() if service_of(pod) != "gateway"]
    most = sum(count * connections(pod) for count, pod in with_database)
    assert tuple(map(int, row)) == (sum(count for count, _ in with_database), most)
