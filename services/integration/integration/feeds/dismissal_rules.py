"""What may be done with a record that people give up, by whom (N1.2).

A bank's record may hide money, so four eyes look at it, as at a back-entry (N6.1): one person asks, another one, a
supervisor of finance, agrees. It closes no hole: a statement that lacks it goes on being short of its balances.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from integration.feeds.errors import DismissalNeedsAnother, NothingToDismiss, NothingToRestore
from integration.feeds.rules import is_of_a_bank

SUPERVISOR = "finance_supervisor"


class State(StrEnum):
    WAITING = "waiting"
    REPLAYED = "replayed"
    SUPERSEDED = "superseded"
    DISMISSED = "dismissed"


class Step(StrEnum):
    """What happens to a record; the name of the audit's action."""

    ASK = "ask_to_dismiss"
    DISMISS = "dismiss"
    RESTORE = "restore"
    NOTHING = ""


@dataclass(frozen=True)
class Kept:
    """A record in quarantine. `asked_by`: who asked to dismiss it; empty: nobody."""

    id: str
    feed: str
    state: State
    asked_by: str = ""


@dataclass(frozen=True)
class Actor:
    id: str
    duties: Collection[str]


def dismissing(kept: Kept, actor: Actor) -> Step:
    """Once more changes nothing. Raises NothingToDismiss or DismissalNeedsAnother."""
    if kept.state is State.DISMISSED:
        return Step.NOTHING
    if kept.state is not State.WAITING:
        raise NothingToDismiss(quarantine_id=kept.id, state=kept.state.value)
    if not is_of_a_bank(kept.feed):
        return Step.DISMISS
    if not kept.asked_by:
        return Step.ASK
    if kept.asked_by == actor.id or SUPERVISOR not in actor.duties:
        raise DismissalNeedsAnother(quarantine_id=kept.id, asked_by=kept.asked_by, duty=SUPERVISOR)
    return Step.DISMISS


def restoring(kept: Kept) -> Step:
    """What waits, waits; what was asked is taken back. Raises NothingToRestore."""
    if kept.state is State.DISMISSED or (kept.state is State.WAITING and kept.asked_by):
        return Step.RESTORE
    if kept.state is State.WAITING:
        return Step.NOTHING
    raise NothingToRestore(quarantine_id=kept.id, state=kept.state.value)
