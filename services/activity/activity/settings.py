"""Settings of the process: activity needs nothing beyond the chassis."""

from __future__ import annotations

from chassis.config import Settings


class ActivitySettings(Settings):
    """See chassis.config.Settings."""
