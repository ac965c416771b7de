"""How sure a match must be to count without a person, and what ranks the candidates for one (N4.1). Versioned."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RankWeights(BaseModel):
    """Shares of a candidate's score; they sum to one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payer: float = Field(default=0.40, ge=0, le=1)
    amount: float = Field(default=0.40, ge=0, le=1)
    due: float = Field(default=0.10, ge=0, le=1)
    named: float = Field(default=0.10, ge=0, le=1)

    @property
    def total(self) -> float:
        return self.payer + self.amount + self.due + self.named


class ClaimingPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Virtual account, or contract number in the remark.
    exact_confidence: float = Field(default=1.00, ge=0, le=1)
    # Known payer and amount.
    strong_confidence: float = Field(default=0.97, ge=0, le=1)
    # Below it a person decides.
    automatic_from: float = Field(default=0.95, ge=0, le=1)
    weights: RankWeights = RankWeights()
    # A due date this many days from the booking adds nothing to a score.
    due_days: int = Field(default=90, ge=1)
    candidates: int = Field(default=10, ge=1, le=50)
    lowest_score: float = Field(default=0.20, ge=0, le=1)
