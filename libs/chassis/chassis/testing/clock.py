"""Business time for tests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chassis.clock import FixedClock

# Tuesday 2026-03-10, 10:00 in Shanghai: a workday, an hour into the shift.
TUESDAY_AT_TEN = datetime(2026, 3, 10, 2, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """Stands at Tuesday 2026-03-10 10:00 Shanghai until the test moves it."""
    return FixedClock(TUESDAY_AT_TEN)
