"""Take one lead in (LD1.1): never refused for missing qualification, only for what can't be read."""

from __future__ import annotations

from chassis.identity import Identity
from chassis.unit_of_work import Transaction
from leads.capture.policy import CapturePolicy
from leads.capture.rules import Arrival, clean
from leads.capture.take_in import Source, Taken, take_in
from leads.grading.policy import GradingPolicy


def capture_lead(tx: Transaction, arrival: Arrival, policy: CapturePolicy, grading: GradingPolicy) -> Taken:
    """Raises InvalidInput naming every field that can't be read."""
    source = Source(tx.identity.subject, home_unit(tx.identity))
    return take_in(tx, [clean(arrival)], source, policy, grading)[0]


def home_unit(identity: Identity) -> str:
    """A lead that somebody of a team brings belongs to the team's sight; others belong to no team yet."""
    return identity.unit if identity.kind == "person" and identity.level != "company" else ""
