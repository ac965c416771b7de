"""The chart as Helm renders it, and questions about what came out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.tiers import go_tools

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/closeloop"
EXAMPLES = ("small", "medium", "large")
SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration", "gateway")
WITH_DATABASE = SERVICES[:-1]
RELEASE, NAMESPACE = "sales", "crm"

Resource = dict[str, Any]


class NotRendered(Exception):
    """What Helm said."""


def helm(*arguments: str) -> str:
    done = subprocess.run([str(go_tools.program("helm")), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise NotRendered(done.stdout + done.stderr)
    return done.stdout


@cache
def render(example: str, *sets: str, chart: Path = CHART, release: str = RELEASE) -> tuple[Resource, ...]:
    """Everything the chart makes of an example; `sets` are path=value, the value in JSON."""
    values = ["-f", str(CHART / f"examples/{example}.yaml")]
    changes = [word for each in sets for word in ("--set-json", each)]
    text = helm("template", release, str(chart), "--namespace", NAMESPACE, *values, *changes)
    return tuple(each for each in yaml.safe_load_all(text) if each)


def refusal(example: str, *sets: str) -> str:
    """Helm's words when it refuses."""
    try:
        render(example, *sets)
    except NotRendered as words:
        return str(words)
    raise AssertionError(f"rendered in spite of {sets}")


def of_kind(resources: tuple[Resource, ...], *kinds: str) -> list[Resource]:
    return [each for each in resources if each["kind"] in kinds]


def named(resources: tuple[Resource, ...], kind: str, name: str) -> Resource:
    return next(each for each in of_kind(resources, kind) if each["metadata"]["name"] == name)


def name(resource: Resource) -> str:
    return str(resource["metadata"]["name"])


def pods(resources: tuple[Resource, ...]) -> Iterator[tuple[str, Resource]]:
    """Each pod template with the name of what makes it."""
    for each in of_kind(resources, "Deployment", "Job"):
        yield name(each), each["spec"]["template"]
    for each in of_kind(resources, "CronJob"):
        yield name(each), each["spec"]["jobTemplate"]["spec"]["template"]


def container(pod: Resource) -> Resource:
    (only,) = pod["spec"]["containers"]
    return dict(only)


def plain_env(pod: Resource) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(pod)["env"] if "value" in each}


def secret_env(pod: Resource) -> dict[str, tuple[str, str]]:
    references = {e["name"]: e["valueFrom"]["secretKeyRef"] for e in container(pod)["env"] if "valueFrom" in e}
    return {variable: (found["name"], found["key"]) for variable, found in references.items()}


def selects(selector: Mapping[str, str], pod: Resource) -> bool:
    return bool(selector.items() <= pod["metadata"]["labels"].items())


def service_of(pod: Resource) -> str:
    return str(pod["metadata"]["labels"]["app.kubernetes.io/component"])
