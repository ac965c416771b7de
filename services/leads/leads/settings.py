"""Settings of the leads service; everything the business decides is a policy instead."""

from __future__ import annotations

from pydantic import Field

from chassis.config import Settings


class LeadsSettings(Settings):
    # Captures that come at once wait for each other and are done together: more of them may wait than work.
    grpc_threads: int = Field(default=24, ge=1, le=256)
    # Pause between two looks at waiting leads and running imports, real seconds.
    drain_pause: float = Field(default=0.5, gt=0)
