"""Where a contract came from: what forecast knows of the lead, the opportunity and its quotes (N5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from integration.board.steps_rules import Step, StepKind


@dataclass(frozen=True)
class Quoted:
    quote_id: str
    fen: int
    day: date | None
    approved: bool


@dataclass(frozen=True)
class Origin:
    """An opportunity that names the contract. `lead_id` is empty when it had none. `day`: when the lead became it."""

    opportunity_id: str
    name: str
    stage: str
    fen: int
    day: date | None
    lead_id: str = ""
    quotes: tuple[Quoted, ...] = ()


class Origins(Protocol):
    def of_contract(self, contract_number: str) -> Sequence[Origin] | None:
        """What the caller may see; None when nobody answers now."""
        ...


def steps_of(origins: Sequence[Origin]) -> Iterator[Step]:
    for origin in origins:
        link = f"/api/v1/opportunities/{origin.opportunity_id}"
        if origin.lead_id:
            lead = f"/api/v1/leads/{origin.lead_id}"
            yield Step(StepKind.LEAD, origin.lead_id, origin.day, "converted", link=lead)
        named = {"text": origin.name, "link": link}
        yield Step(StepKind.OPPORTUNITY, origin.opportunity_id, origin.day, origin.stage, origin.fen, **named)
        for quote in origin.quotes:
            state = "approved" if quote.approved else "waiting"
            yield Step(StepKind.QUOTE, quote.quote_id, quote.day, state, quote.fen, link=link)
