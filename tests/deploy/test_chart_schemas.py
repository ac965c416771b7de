"""Every example, linted and held against the API of three versions of Kubernetes (P5.2)."""

from __future__ import annotations

import copy

import pytest

from tests.deploy.kubernetes_schemas import VERSIONS, violations
from tests.deploy.rendering import CHART, EXAMPLES, helm, name, named, render

pytestmark = pytest.mark.spec("P5.2")


@pytest.mark.parametrize("example", EXAMPLES)
def test_helm_lint_finds_nothing(example: str) -> None:
    said = helm("lint", "--strict", str(CHART), "-f", str(CHART / f"examples/{example}.yaml"))
    assert "0 chart(s) failed" in said


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_api_server_takes_every_resource(example: str, version: str) -> None:
    found = {f"{each['kind']} {name(each)}": violations(each, version) for each in render(example)}
    assert {which: what for which, what in found.items() if what} == {}
    assert len(found) == len(render(example)), "two resources of one kind have one name"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_wrong_resource_would_be_found(version: str) -> None:
    deployment = copy.deepcopy(named(render("large"), "Deployment", "sales-closeloop-leads-serve"))
    deployment["spec"]["template"]["spec"]["containers"][0]["readyness"] = {}
    deployment["spec"]["progressDeadlineSeconds"] = "300"
    assert len(violations(deployment, version)) == 2


@pytest.mark.parametrize("kind", ["HTTPRoute", "ServiceMonitor"])
def test_a_wrong_resource_of_an_operator_would_be_found(kind: str) -> None:
    resource = copy.deepcopy(next(each for each in render("large") if each["kind"] == kind))
    resource["spec"]["endpoint"] = []
    assert violations(resource, VERSIONS[-1]) != []
