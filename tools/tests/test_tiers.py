"""What a tier that can't run means: a failure in CI, one plain line elsewhere."""

from __future__ import annotations

import sys

import pytest

from tools.tiers.__main__ import main
from tools.tiers.side_by_side import AT_ONCE, run_side_by_side
from tools.tiers.tier import Tier, run_all


def tier(name: str, *, missing: str | None = None, green: bool = True) -> Tier:
    return Tier(name, missing=lambda: missing, run=lambda: green)


@pytest.mark.parametrize(("ci", "passes"), [(True, False), (False, True)])
def test_a_tier_that_cannot_run(ci: bool, passes: bool) -> None:
    said: list[str] = []
    assert run_all([tier("browser", missing="Chromium is not there")], ci=ci, say=said.append) is passes
    assert said == ["browser: not run, Chromium is not there"]


def test_a_failed_tier_fails_and_the_others_still_run() -> None:
    said: list[str] = []
    assert not run_all([tier("java", green=False), tier("node")], ci=False, say=said.append)
    assert said == ["java: failed", "node: green"]


def test_a_tier_that_nobody_knows_is_no_green_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["tiers", "charts"])
    assert main() == 1
    assert capsys.readouterr().out.startswith("no tier begins with charts; there are: ")


# Waits for the other one before it ends, so both have to be under way; then fails when it is told to.
TELLS = """
import pathlib, sys, time
folder, name = pathlib.Path({folder!r}), sys.argv[1]
print(name, "begins")
(folder / name).touch()
while len(list(folder.iterdir())) < {together}:
    time.sleep(0.01)
print(name, "ends", file=sys.stderr)
sys.exit(name == "java")
"""


@pytest.mark.parametrize(("names", "passes"), [(["node", "go"], True), (["node", "java"], False)])
def test_tiers_run_beside_each_other_and_each_is_told_whole(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], passes: bool
) -> None:
    folder = tmp_path_factory.mktemp("begun")
    said: list[str] = []
    program = (sys.executable, "-uc", TELLS.format(folder=str(folder), together=AT_ONCE))
    assert run_side_by_side(names, say=said.append, program=program) is passes
    assert sorted(said) == sorted(f"{name} begins\n{name} ends" for name in names)
