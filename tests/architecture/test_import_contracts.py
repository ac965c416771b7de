"""Each import contract holds on this tree, and each is able to fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration", "gateway")
PACKAGES = {
    "chassis": "libs/chassis",
    **{name: f"services/{name}" for name in SERVICES},
    "simulators": "simulators",
    "closeloop_cli": "tools",
}

# contract, module added to a copy of the tree, its line, the import that must be reported
TAMPERED = [
    ("independent-services", "forecast.tampered.peek", "import leads", "forecast.tampered.peek -> leads"),
    ("one-way", "chassis.kernel.tampered", "import targets", "chassis.kernel.tampered -> targets"),
    ("simulators-apart", "leads.tampered.peek", "import simulators", "leads.tampered.peek"),
    ("simulators-know-nothing", "simulators.tampered", "import leads", "simulators.tampered -> leads"),
    (
        "layers-in-a-service",
        "leads.tampered.rules",
        "from leads.tampered import store",
        "leads.tampered.rules -> leads",
    ),
    ("layers-in-a-service", "leads.tampered.grab", "from leads import bootstrap", "leads.tampered.grab -> leads"),
    (
        "layers-in-a-service",
        "leads.tampered.shelf_store",
        "from leads.tampered import peek",
        "leads.tampered.shelf_store -> leads",
    ),
    ("acyclic-features", "leads.tampered.peek", "from leads.other import back", "leads"),
    ("pure-rules", "leads.tampered.rules", "import sqlalchemy", "leads.tampered.rules -> sqlalchemy"),
    ("pure-rules", "leads.tampered.rules", "import time", "leads.tampered.rules -> time"),
    ("pure-rules", "leads.tampered.rules", "import chassis.clock", "leads.tampered.rules -> chassis.clock"),
    ("pure-kernel", "chassis.kernel.tampered", "import sqlalchemy", "chassis.kernel.tampered -> sqlalchemy"),
    (
        "contracts-at-the-doors",
        "leads.tampered.grab",
        "from closeloop.common.v1 import money_pb2",
        "leads.tampered.grab -> closeloop",
    ),
    (
        "chassis-layers",
        "chassis.kernel.tampered",
        "from chassis import errors",
        "chassis.kernel.tampered -> ",
    ),
    ("chassis-layers", "chassis.homeless", "", "homeless"),
]
SUPPORT = {
    "leads.tampered.store": "",
    "leads.tampered.peek": "",
    "leads.other.back": "from leads.tampered import peek",
    "leads.bootstrap": None,
}


def lint(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(tree / folder) for folder in PACKAGES.values())
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}
    return subprocess.run([*command, *chosen], cwd=tree, env=environment, capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package, folder in PACKAGES.items():
        ignored = shutil.ignore_patterns("__pycache__", "*.ttc", "*.db")
        shutil.copytree(ROOT / folder / package, tmp_path / folder / package, ignore=ignored)
    shutil.copytree(ROOT / "tools/checks", tmp_path / "tools/checks")
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def add(tree: Path, module: str, text: str | None) -> None:
    package, *rest = module.split(".")
    file = tree / PACKAGES[package] / package / "/".join(rest)
    file = file.with_name(file.name + ".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / "__init__.py").touch()
    if text is None:
        file.touch()
    else:
        file.write_text(text + "\n")


def test_every_contract_holds_on_this_tree() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.spec("P3.1")
@pytest.mark.parametrize(("contract", "module", "line", "reported"), TAMPERED)
def test_a_forbidden_import_breaks_its_contract(
    tree: Path, contract: str, module: str, line: str, reported: str
) -> None:
    assert lint(tree, contract).returncode == 0
    for support, text in SUPPORT.items():
        add(tree, support, text)
    add(tree, module, line)
    done = lint(tree, contract)
    assert done.returncode == 1
    assert re.search(r"1 broken|homeless", done.stdout), done.stdout
    assert reported in done.stdout


def test_no_contract_is_left_without_a_tampering() -> None:
    configured = set(re.findall(r"^\[importlinter:contract:(.+)\]$", (ROOT / ".importlinter").read_text(), re.M))
    assert configured == {contract for contract, *_ in TAMPERED}
