"""A person says whether two leads are the same (LD1.4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.errors import FailedPrecondition, InvalidInput, Violation
from chassis.unit_of_work import Transaction
from leads.duplicates import store
from leads.duplicates.merge_leads import merge_leads
from leads.lead import store as leads
from leads.lead.rules import Lead


class SuggestionAnswered(FailedPrecondition):
    en = "The suggestion was {state} already."
    zh = "该重复建议已处理（{state}）。"


def accept_suggestion(tx: Transaction, suggestion_id: str, keep: str, reason: str) -> tuple[str, Lead]:
    """As `merge_leads`. `keep` empty: the older goes on, unless only the newer has an owner.

    Raises SuggestionNotFound, SuggestionAnswered, InvalidInput and what merge_leads raises.
    """
    row = _open(tx, suggestion_id)
    kept = keep or _goes_on(tx, row.other_id, row.lead_id)
    if kept not in (row.lead_id, row.other_id):
        raise InvalidInput.of(Violation("keep_lead_id", "is none of the two leads.", "不是这两条线索之一。"))
    merged = row.other_id if kept == row.lead_id else row.lead_id
    return merge_leads(tx, kept, merged, reason)


def refuse_suggestion(tx: Transaction, suggestion_id: str, reason: str) -> None:
    """Never suggested again. Raises SuggestionNotFound, SuggestionAnswered, LeadNotFound."""
    row = _open(tx, suggestion_id)
    store.decide(tx, suggestion_id, "refused", reason)
    tx.audit(
        action="lead_suggestion.refuse",
        entity="lead_suggestion",
        entity_id=suggestion_id,
        after={"lead_id": row.lead_id, "other_id": row.other_id},
        why=reason,
    )


def _open(tx: Transaction, suggestion_id: str) -> Row[Any]:
    """Locked after its two leads, as a merge locks them; what was answered meanwhile is seen under the lock."""
    found = store.load_suggestion(tx, suggestion_id)
    both = found.lead_id, found.other_id
    if not all(leads.is_visible(tx, each) for each in both):
        raise store.SuggestionNotFound(suggestion_id=suggestion_id)
    leads.lock_all(tx, both)
    row = store.load_suggestion(tx, suggestion_id, lock=True)
    if row.state != "open":
        raise SuggestionAnswered(state=row.state)
    return row


def _goes_on(tx: Transaction, older: str, newer: str) -> str:
    return newer if leads.load(tx, newer).owner_id and not leads.load(tx, older).owner_id else older
