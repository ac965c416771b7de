"""A new lead whose name is nearly that of a known one is suggested to a person (LD1.4), after it came in."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import exists, select, update

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads import tables
from leads.duplicates import near_store, store
from leads.duplicates.near_rules import nearest
from leads.duplicates.policy import DuplicatePolicy

_lead, _name = tables.lead.c, tables.lead_name.c
BATCH = 500


def suggest_duplicates(tx: Transaction, lead_ids: Collection[str], policy: DuplicatePolicy) -> int:
    """How many were suggested. One that was looked at before is not looked at again."""
    found = near_store.add_names(tx, lead_ids)
    near_store.link_branches(tx, [named for named, _ in found])
    known = near_store.candidates(tx, [named for named, _ in found])
    made = []
    for named, import_id in found:
        # Of two new ones the later is suggested for the earlier: ids grow.
        earlier = [each for each in known.get(named.record_id, ()) if each.record_id < named.record_id]
        best = nearest(named, earlier, policy.near_score)
        if best is not None:
            made.append(
                {
                    "suggestion_id": new_id(),
                    "lead_id": named.record_id,
                    "other_id": best[0].record_id,
                    "score": round(best[1], 1),
                    "state": "open",
                    "import_id": import_id,
                    "made_at": tx.now,
                }
            )
    store.add_suggestions(tx, made)
    _count(tx, [str(each["import_id"]) for each in made if each["import_id"]])
    return len(made)


def suggest_missing(tx: Transaction, policy: DuplicatePolicy) -> int:
    """A batch of those that came in before names were compared, or whose event was parked; how many."""
    missing = select(_lead.lead_id).where(~exists().where(_name.lead_id == _lead.lead_id)).order_by(_lead.lead_id)
    ids = list(tx.execute(missing.limit(BATCH)).scalars())
    suggest_duplicates(tx, ids, policy)
    return len(ids)


def _count(tx: Transaction, import_ids: list[str]) -> None:
    """The import's page shows how many of its leads look like known ones."""
    t = tables.lead_import.c
    for each in sorted(set(import_ids)):
        more = import_ids.count(each)
        tx.execute(update(tables.lead_import).where(t.import_id == each).values(suggested=t.suggested + more))
