from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chassis.clock import FixedClock, MovableClock, SystemClock, TimeIsNotMovable, TimeMovedBack

THE_DAY = datetime(2026, 3, 10, 2, tzinfo=UTC)
MOMENT = timedelta(seconds=5)


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(THE_DAY)
    assert clock.now() == clock.now() == THE_DAY
    clock.advance(timedelta(minutes=30))
    assert clock.now() == THE_DAY + timedelta(minutes=30)
    clock.set(THE_DAY)
    assert clock.now() == THE_DAY


@pytest.mark.spec("P11.3")
def test_business_time_is_real_time_until_it_is_moved(tmp_path: Path) -> None:
    clock = MovableClock(tmp_path / "clock.json", mode="local")
    assert abs(clock.now() - SystemClock().now()) < MOMENT
    clock.move_to(THE_DAY)
    assert THE_DAY <= clock.now() < THE_DAY + MOMENT


@pytest.mark.spec("P11.3")
def test_a_move_reaches_every_clock_on_the_same_file_and_time_runs_on(tmp_path: Path) -> None:
    mine, yours = (MovableClock(tmp_path / "clock.json", mode="local") for _ in range(2))
    mine.move_to(THE_DAY)
    first = yours.now()
    assert THE_DAY <= first < THE_DAY + MOMENT
    assert yours.now() > first
    mine.move_to(THE_DAY + timedelta(days=1))
    assert yours.now() >= THE_DAY + timedelta(days=1)
    assert list(tmp_path.iterdir()) == [tmp_path / "clock.json"]


@pytest.mark.spec("P11.3")
def test_time_does_not_go_back_and_the_refused_move_changes_nothing(tmp_path: Path) -> None:
    clock = MovableClock(tmp_path / "clock.json", mode="local")
    clock.move_to(THE_DAY)
    with pytest.raises(TimeMovedBack):
        clock.move_to(THE_DAY - timedelta(minutes=1))
    assert clock.now() >= THE_DAY


@pytest.mark.spec("P11.3")
@pytest.mark.parametrize("mode", ["production", None])
def test_outside_local_mode_time_cannot_be_moved(
    tmp_path: Path, mode: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOSELOOP_MODE", raising=False)
    with pytest.raises(TimeIsNotMovable):
        MovableClock(tmp_path / "clock.json", mode=mode)
