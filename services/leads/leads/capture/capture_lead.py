"""Take leads in (LD1.1): never refused for missing qualification, only for what can't be read."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.identity import Identity
from chassis.unit_of_work import Caller, Transaction
from leads.capture.policy import CapturePolicy
from leads.capture.rules import Arrival, Clean, clean
from leads.capture.take_in import Source, Taken, take_in_all
from leads.grading.policy import GradingPolicy


def capture_lead(tx: Transaction, arrival: Arrival, policy: CapturePolicy, grading: GradingPolicy) -> Taken:
    """Raises InvalidInput naming every field that can't be read."""
    source = Source(tx.identity.subject, home_unit(tx.identity))
    return take_in_all(tx, [(clean(arrival), source)], policy, grading)[0]


def capture_leads(
    tx: Transaction, sent: Sequence[tuple[Clean, Caller]], policy: CapturePolicy, grading: GradingPolicy
) -> list[Taken]:
    """Of several callers, each as if it had come alone, one after the other."""
    sources = [Source(who.identity.subject, home_unit(who.identity), caller=who) for _, who in sent]
    return take_in_all(tx, [(each, source) for (each, _), source in zip(sent, sources, strict=True)], policy, grading)


def home_unit(identity: Identity) -> str:
    """A lead that somebody of a team brings belongs to the team's sight; others belong to no team yet."""
    return identity.unit if identity.kind == "person" and identity.level != "company" else ""
