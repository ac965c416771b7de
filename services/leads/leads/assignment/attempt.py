"""One try to find an owner: the lead, the contest, who was probed, and what all that was seen through."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.kernel.ids import new_id
from leads.assignment.choice_rules import Contest, fair_band
from leads.assignment.decision_store import Decision, body_of
from leads.assignment.probe_candidates import Choice
from leads.lead.rules import Lead


@dataclass(frozen=True)
class Attempt:
    lead: Lead
    contest: Contest
    choice: Choice
    snapshot: str
    policy_version: int

    def decision(self, outcome: str, winner: int | None = None) -> Decision:
        """What is stored of it (LD3.10). Only a winner makes the band owed less or more."""
        contest = self.contest
        won = winner is not None
        return Decision(
            decision_id=new_id(),
            lead_id=self.lead.lead_id,
            at=contest.circumstances.at,
            grade=contest.wanted.grade,
            policy_version=self.policy_version,
            outcome=outcome,
            winner_id=str(contest.reps.employee_id[winner]) if won else "",
            snapshot=self.snapshot,
            body=body_of(contest, winner, self.choice.checked),
            band=contest.reps.number[fair_band(contest, self.choice.dropped)] if won else None,
        )
