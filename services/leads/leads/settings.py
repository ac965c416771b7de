"""Settings of the leads service; everything the business decides is a policy instead."""

from __future__ import annotations

from pydantic import Field

from chassis.config import Settings


class LeadsSettings(Settings):
    # Pause between two looks at waiting leads and running imports, real seconds.
    drain_pause: float = Field(default=0.5, gt=0)
