"""From which difference on a contract is red (N5.1). Versioned: the board is judged anew when it changes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ThreeWayPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Red is above it: exactly 500 yuan are not red.
    tolerance_fen: int = Field(default=500_00, ge=0)
    # Goods, money and invoices ahead of the due dates are no difference, up to the contract's amount.
    ahead_is_fine: bool = True
