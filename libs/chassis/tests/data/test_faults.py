from __future__ import annotations

import pytest

from chassis import faults


def test_a_point_that_nobody_armed_does_nothing() -> None:
    for point in faults.POINTS:
        faults.reach(point)


def test_outside_local_mode_nothing_can_be_armed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_MODE", "production")
    monkeypatch.setenv("CLOSELOOP_FAULT", "before-commit")
    with pytest.raises(RuntimeError, match="CLOSELOOP_MODE=local"):
        faults.arm("before-commit")
    with pytest.raises(RuntimeError, match="CLOSELOOP_MODE=local"):
        faults.arm_from_environment()
    faults.reach("before-commit")


def test_an_unknown_point_is_named_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_MODE", "local")
    with pytest.raises(faults.UnknownFaultPoint, match="after-commit-before-publish"):
        faults.arm("after-lunch")
