"""Who follows docs/install.md has made every Secret and claim that the examples ask for, under the names they use."""

from __future__ import annotations

import re

import pytest

from tests.deploy.rendering import NAMESPACE, ROOT, SERVICES, of_kind, pods, render, secret_env

PAGE = (ROOT / "docs/install.md").read_text(encoding="utf-8")


def made() -> set[tuple[str, str]]:
    found = set()
    for command in re.findall(r"create secret generic (\S+)((?:.|\\\n)*?)\n", PAGE.replace("\\\n", " ")):
        name, rest = command
        names = [name.replace("$each", each) for each in SERVICES] if "$each" in name else [name]
        keys = re.findall(r"--from-(?:literal|file)=([\w.-]+)", rest)
        found |= {(each, key) for each in names for key in keys}
    return found


def asked_for(example: str) -> set[tuple[str, str]]:
    found = set()
    for _, pod in pods(render(example)):
        found |= set(secret_env(pod).values())
        for volume in pod["spec"]["volumes"]:
            found |= {
                (volume["secret"]["secretName"], item["key"]) for item in volume.get("secret", {}).get("items", [])
            }
    return found


def claims(example: str) -> set[str]:
    volumes = [volume for _, pod in pods(render(example)) for volume in pod["spec"]["volumes"]]
    return {each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each}


@pytest.mark.spec("P5.1", "P4.2")
@pytest.mark.parametrize("example", ["small", "medium"])
def test_the_page_makes_every_secret_of_the_example(example: str) -> None:
    assert asked_for(example) - made() == set()
    assert ("closeloop-signing-gateway", "signing.pem") in made()


@pytest.mark.spec("P5.1")
def test_the_page_makes_what_else_the_examples_name() -> None:
    assert claims("small") - set(re.findall(r"metadata: { name: (\S+) }", PAGE)) == set()
    tls = {entry["secretName"] for each in of_kind(render("medium"), "Ingress") for entry in each["spec"]["tls"]}
    assert tls - set(re.findall(r"create secret tls (\S+)", PAGE)) == set()
    assert f"kubectl create namespace {NAMESPACE}" in PAGE


@pytest.mark.spec("P4.2")
def test_the_page_names_commands_that_exist() -> None:
    text = (ROOT / "Makefile").read_text()
    code = " ".join(re.findall(r"```.*?```|`[^`\n]+`", PAGE, re.S))
    targets = set(re.findall(r"\bmake ([a-z-]+)", code))
    assert {"image", "sbom", "test-chart", "test-image"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", text, re.M), target
