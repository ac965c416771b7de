"""Settings of the process: forecast needs nothing beyond the chassis."""

from __future__ import annotations

from chassis.config import Settings


class ForecastSettings(Settings):
    """See chassis.config.Settings."""
