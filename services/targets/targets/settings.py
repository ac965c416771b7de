"""Settings of the process: targets needs nothing beyond the chassis."""

from __future__ import annotations

from chassis.config import Settings


class TargetsSettings(Settings):
    """See chassis.config.Settings."""
