"""Open deals go with their customer (LD10.1).

Whoever had the customer gives the deals that were theirs and open at that moment to whoever has it then; deals of
others with that customer stay where they are. Somebody who gets a customer back without a handover gets the deals back
that went with it, not those of the one in between, who is still there. What the customer did before a deal came to its
owner is not the deal's: a word that comes late can't take away what was decided since. In whatever order the words
come, the deal ends where the customer is; only a way back that is told before the way there can't be known as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class OpportunityOwnerChanged:
    opportunity_id: str
    customer_id: str
    before: str
    after: str
    unit: str
    handover_id: str
    changed_at: datetime


@dataclass(frozen=True)
class OwnerChange:
    """A customer came from one owner to another; either may be nobody. `handover_id` empty: not by a handover."""

    customer_id: str
    before: str
    after: str
    unit: str
    handover_id: str
    at: datetime


@dataclass(frozen=True)
class Holder:
    """Who has a deal, since when, and whom it came from together with its customer."""

    owner_id: str
    unit: str
    since: datetime
    came_from: str = ""


@dataclass(frozen=True)
class Step:
    """`change` brought the deal to `after`."""

    before: Holder
    after: Holder
    change: OwnerChange


def steps(holder: Holder, changes: Sequence[OwnerChange]) -> Iterator[Step]:
    """What the changes of its customer, in their order, did to an open deal; nothing when it is where it belongs."""
    previous: OwnerChange | None = None
    for change in changes:
        given = _by_whoever_had_it(change, previous)
        if _goes_along(holder, given, previous):
            after = Holder(given.after, given.unit, given.at, came_from=given.before)
            yield Step(holder, after, given)
            holder = after
        previous = given


def _by_whoever_had_it(change: OwnerChange, previous: OwnerChange | None) -> OwnerChange:
    """A customer that was nobody's for a while comes from the one who had it last."""
    vacant = previous is not None and not previous.after and not change.before
    return replace(change, before=previous.before) if previous is not None and vacant else change


def _goes_along(holder: Holder, change: OwnerChange, previous: OwnerChange | None) -> bool:
    if change.before != holder.owner_id or not change.after or change.at < holder.since:
        return False
    return holder.came_from == change.after or not _is_way_back(change, previous)


def _is_way_back(change: OwnerChange, previous: OwnerChange | None) -> bool:
    if previous is None or change.handover_id:
        return False
    return (previous.before, previous.after) == (change.after, change.before)
