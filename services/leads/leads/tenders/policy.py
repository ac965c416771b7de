"""Which tenders make a lead, as a versioned policy (LD1.1)."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class TenderPolicy(BaseModel):
    """Without keywords no tender makes a lead: public sites tell of thousands a day. No regions: all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keywords: tuple[str, ...] = ()
    # In the title, whatever keyword is there too.
    excluded: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    least_budget: Decimal = Field(default=Decimal(0), ge=0)
    # Whether a tender that names no budget fits.
    unknown_budget: bool = True
