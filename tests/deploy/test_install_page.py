"""Who follows docs/install.md has made every Secret that the medium example asks for, under the keys it asks for."""

from __future__ import annotations

import re

import pytest

from tests.deploy.rendering import ROOT, SERVICES, pods, render, secret_env

PAGE = (ROOT / "docs/install.md").read_text(encoding="utf-8")
# Passwords of the company's own systems: what there is differs from one to the next.
OF_THE_SOURCES = {"closeloop-sources", "closeloop-wecom"}


def made() -> set[tuple[str, str]]:
    found = set()
    for command in re.findall(r"create secret generic (\S+)((?:.|\\\n)*?)\n", PAGE.replace("\\\n", " ")):
        name, rest = command
        names = [name.replace("$each", each) for each in SERVICES] if "$each" in name else [name]
        keys = re.findall(r"--from-(?:literal|file)=([\w.-]+)", rest)
        found |= {(each, key) for each in names for key in keys}
    return found


def asked_for() -> set[tuple[str, str]]:
    found = set()
    for _, pod in pods(render("medium")):
        found |= set(secret_env(pod).values())
        for volume in pod["spec"]["volumes"]:
            found |= {
                (volume["secret"]["secretName"], item["key"]) for item in volume.get("secret", {}).get("items", [])
            }
    return {(name, key) for name, key in found if name not in OF_THE_SOURCES}


@pytest.mark.spec("P5.1", "P4.2")
def test_the_page_makes_every_secret_of_the_example() -> None:
    assert asked_for() - made() == set()
    assert ("closeloop-signing-gateway", "signing.pem") in made()


@pytest.mark.spec("P4.2")
def test_the_page_names_commands_that_exist() -> None:
    text = (ROOT / "Makefile").read_text()
    code = " ".join(re.findall(r"```.*?```|`[^`\n]+`", PAGE, re.S))
    targets = set(re.findall(r"\bmake ([a-z-]+)", code))
    assert {"image", "sbom", "test-chart", "test-image"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", text, re.M), target
