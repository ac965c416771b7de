"""Which duties a position brings, and how far each duty sees. Versioned: companies name positions their way."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["self", "team", "company"]

POSITIONS: dict[str, tuple[str, ...]] = {
    "sales_rep": ("rep",),
    "team_manager": ("manager",),
    "region_director": ("director",),
    "sales_ops": ("ops",),
    "finance_clerk": ("finance",),
    "finance_supervisor": ("finance", "finance_supervisor"),
    "hq_partner": ("hq_partner",),
    "vp_sales": ("hq",),
    "auditor": ("auditor",),
    "cio": ("cio",),
}
LEVELS: dict[str, Level] = {"rep": "self", "manager": "team", "director": "team"}


class DutiesPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    positions: dict[str, tuple[str, ...]] = Field(default_factory=lambda: dict(POSITIONS))
    # A duty that is not named here sees the company.
    levels: dict[str, Level] = Field(default_factory=lambda: dict(LEVELS))
