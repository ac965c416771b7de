"""SQL of owners: of customers as leads tells them, of deals as they follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from forecast.opportunities.rules import OPEN
from forecast.ownership.rules import OwnerChange, Step
from forecast.tables import customer, customer_owner_change, opportunity, owner_step

_o, _part = opportunity.c, customer.c
_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('forecast:owners', 0))")
_WHOLE = func.coalesce(_part.merged_into, _part.customer_id)
_OPEN = tuple(each.value for each in OPEN)
# A record's own changes until it was merged (LD1.4), then those of the customer that goes on.
_CHANGES = text("""
    WITH known AS (
        SELECT named.id, c.merged_into, coalesce(c.merged_at, '-infinity') AS merged_at
        FROM unnest(CAST(:ids AS text[])) AS named (id) LEFT JOIN customer AS c ON c.customer_id = named.id
    )
    SELECT known.id, 0 AS place, own.* FROM known JOIN customer_owner_change AS own ON own.customer_id = known.id
    WHERE known.merged_into IS NULL OR own.at < known.merged_at
    UNION ALL
    SELECT known.id, 1, whole.* FROM known JOIN customer_owner_change AS whole ON whole.customer_id = known.merged_into
    WHERE whole.at >= known.merged_at
    ORDER BY id, place, version, at, event_id
""")
_MOVE = (
    update(opportunity)
    .where(_o.opportunity_id == bindparam("deal"))
    .values(
        owner_id=bindparam("owner"),
        unit=bindparam("of_unit"),
        came_from=bindparam("giver"),
        came_at=bindparam("moved_at"),
        claimed_by=bindparam("claimant"),
        version=_o.version + 1,
    )
)


def take_turns(tx: Transaction) -> None:
    """Who opens a deal, merges its customer or moves it sees what the others did, whichever comes first."""
    tx.execute(_TURNS)


def keep_changes(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Each word once."""
    tx.execute(insert(customer_owner_change).on_conflict_do_nothing(), [dict(each) for each in rows])


def lock_open_deals(tx: Transaction, customer_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Of these customers and of all that are one with them, in one order."""
    known = select(_WHOLE).where(_part.customer_id.in_(customer_ids))
    wholes = {*customer_ids, *tx.execute(known).scalars()}
    parts = select(_part.customer_id).where(_part.merged_into.in_(wholes))
    theirs = or_(_o.customer_id.in_(wholes), _o.customer_id.in_(parts))
    query = select(opportunity).where(_o.stage.in_(_OPEN), theirs)
    return tx.execute(query.order_by(_o.opportunity_id).with_for_update()).all()


def changes_of(tx: Transaction, customer_ids: Collection[str]) -> dict[str, list[OwnerChange]]:
    """Customer a deal was opened for → what counts for it, in order."""
    found: dict[str, list[OwnerChange]] = {each: [] for each in customer_ids}
    for row in tx.execute(_CHANGES, {"ids": sorted(found)}):
        found[row.id].append(OwnerChange(row.customer_id, row.before, row.after, row.unit, row.handover_id, row.at))
    return found


def move(tx: Transaction, moved: Iterable[tuple[Row[Any], Step]]) -> None:
    """Deals to their last step. A claim stays whose it was: it counts for who made it (F3.1)."""
    lines = [
        {
            "deal": deal.opportunity_id,
            "owner": step.after.owner_id,
            "of_unit": step.after.unit,
            "giver": step.after.came_from,
            "moved_at": step.after.since,
            "claimant": "" if deal.submitted is None else deal.claimed_by or deal.owner_id,
        }
        for deal, step in moved
    ]
    tx.execute(_MOVE, lines)


def keep_steps(tx: Transaction, taken: Iterable[tuple[Row[Any], Step]]) -> None:
    lines = [
        {
            "step_id": new_id(),
            "opportunity_id": deal.opportunity_id,
            "customer_id": step.change.customer_id,
            "before": step.before.owner_id,
            "before_unit": step.before.unit,
            "after": step.after.owner_id,
            "after_unit": step.after.unit,
            "handover_id": step.change.handover_id,
            "at": step.change.at,
        }
        for deal, step in taken
    ]
    tx.execute(insert(owner_step), lines)


def list_steps(tx: Transaction, opportunity_id: str) -> Sequence[Row[Any]]:
    query = select(owner_step).where(owner_step.c.opportunity_id == opportunity_id)
    return tx.execute(query.order_by(owner_step.c.step_id)).all()
