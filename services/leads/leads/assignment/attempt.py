"""One try to find an owner: the lead, the contest, who was probed, and what all that was seen through."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Caller
from leads.assignment.choice_rules import Contest
from leads.assignment.decision_store import Decision, body_of
from leads.assignment.desk import Gift
from leads.assignment.input_rules import Wanted
from leads.assignment.probe_the_best import Choice
from leads.assignment.rules import Place
from leads.lead.rules import Lead, counts_as


@dataclass(frozen=True)
class Asked:
    """A lead that waits for its owner, and who may not get it. `caller`: in whose trace it is given."""

    lead: Lead
    barred: frozenset[str]
    caller: Caller

    @property
    def wanted(self) -> Wanted:
        lead = self.lead
        place = Place(lead.position, lead.province, lead.city)
        return Wanted(lead.lead_id, counts_as(lead.grade), lead.industry, place, self.barred)


@dataclass(frozen=True)
class Attempt:
    asked: Asked
    contest: Contest
    choice: Choice
    snapshot: str
    policy_version: int

    @property
    def gift(self) -> Gift | None:
        """None when nobody was found."""
        winner = self.choice.winner
        return None if winner is None else Gift(self.contest, winner)

    @property
    def reason(self) -> str:
        """Why the lead waits, when it has to."""
        return "unverified" if self.choice.candidates else "no_capacity"

    def decision(self, outcome: str, gift: Gift | None, batch: tuple[str, int] | None) -> Decision:
        """What is stored of it (LD3.10). Only a winner makes the band owed less or more.

        `batch`: its id and the attempt's place in it, when others were decided on before.
        """
        contest, choice = self.contest, self.choice
        body = body_of(contest, choice.winner if gift else None, choice.checked)
        if batch is not None:
            body["batch"] = {"id": batch[0], "place": batch[1]}
        return Decision(
            decision_id=new_id(),
            lead_id=self.asked.lead.lead_id,
            at=contest.circumstances.at,
            grade=contest.wanted.grade,
            policy_version=self.policy_version,
            outcome=outcome,
            winner_id=gift.winner_id if gift else "",
            snapshot=self.snapshot,
            body=body,
            band=gift.band if gift else None,
        )
