"""The depot's versioned settings, apart from its process, so that a test can publish them too."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from chassis.policy import PolicySpec


class DepotPolicy(BaseModel):
    model_config = ConfigDict(frozen=True)
    shelves: int = 1


DEPOT_POLICY = PolicySpec("depot", DepotPolicy)
