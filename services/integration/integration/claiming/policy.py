"""How sure a match must be to count without a person, and what ranks the candidates for one (N4.1, N4.2). Versioned."""

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
    # The remark says for whom a third party pays (代付).
    third_party_confidence: float = Field(default=0.96, ge=0, le=1)
    # One receipt for several receivables, or several receipts for one, in exactly one way.
    combined_confidence: float = Field(default=0.96, ge=0, le=1)
    # Taken off for the amount being short by a bank's fee.
    fee_discount: float = Field(default=0.01, ge=0, le=1)
    # Below it a person decides.
    automatic_from: float = Field(default=0.95, ge=0, le=1)
    # How far ahead of the next one the best of the likely ones must be.
    margin: float = Field(default=0.10, ge=0, le=1)
    # Receivables with the same amount whose customers' names are compared; with more of them a person decides.
    fuzzy_candidates: int = Field(default=2000, ge=1, le=10_000)
    fee_cap_fen: int = Field(default=50_00, ge=0)
    fee_cap_per_million: int = Field(default=1_000, ge=0, le=1_000_000)
    combined_candidates: int = Field(default=30, ge=2, le=30)
    combined_items: int = Field(default=8, ge=2, le=8)
    # Days between the first and the last of several receipts for one receivable.
    split_days: int = Field(default=7, ge=0)
    # Days in which a receipt may be given back without a person.
    refund_days: int = Field(default=180, ge=0, le=3660)
    weights: RankWeights = RankWeights()
    # A due date this many days from the booking adds nothing to a score.
    due_days: int = Field(default=90, ge=1)
    candidates: int = Field(default=10, ge=1, le=50)
    lowest_score: float = Field(default=0.20, ge=0, le=1)
