"""A person says whether two customers are one (LD1.4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.errors import FailedPrecondition, InvalidInput, Violation
from chassis.unit_of_work import Transaction
from leads.customer_merge import store, suggestion_store
from leads.customer_merge.merge_customers import Merged, merge_customers
from leads.customer_merge.probe_owners import Verified


class CustomerSuggestionAnswered(FailedPrecondition):
    en = "The suggestion of the customers was {state} already."
    zh = "该客户重复建议已处理（{state}）。"


def which_goes_on(tx: Transaction, suggestion_id: str, keep: str) -> tuple[str, str]:
    """The one that goes on and the other. `keep` empty: the one with a number in the ERP, else the older.

    Raises CustomerSuggestionNotFound, also for another team's, InvalidInput.
    """
    row = _seen(tx, suggestion_id)
    both = row.other_id, row.customer_id
    if keep and keep not in both:
        raise InvalidInput.of(Violation("keep_customer_id", "is none of the two customers.", "不是这两个客户之一。"))
    older, newer = (store.record(tx, each) for each in both)
    kept = keep or (newer.customer_id if newer.customer_code and not older.customer_code else older.customer_id)
    return kept, both[0] if kept == both[1] else both[1]


def accept_suggestion(tx: Transaction, suggestion_id: str, keep: str, reason: str, verified: Verified) -> Merged:
    """As `merge_customers`. Raises as `which_goes_on`, and CustomerSuggestionAnswered."""
    kept, merged = which_goes_on(tx, suggestion_id, keep)
    store.take_turns(tx)
    _open(tx, suggestion_id)
    return merge_customers(tx, kept, merged, reason, verified)


def refuse_suggestion(tx: Transaction, suggestion_id: str, reason: str) -> None:
    """Never suggested again. Raises CustomerSuggestionNotFound, CustomerSuggestionAnswered."""
    _seen(tx, suggestion_id)
    store.take_turns(tx)
    row = _open(tx, suggestion_id)
    suggestion_store.decide(tx, suggestion_id, "refused", reason)
    tx.audit(
        action="customer_suggestion.refuse",
        entity="customer_suggestion",
        entity_id=suggestion_id,
        after={"customer_id": row.customer_id, "other_id": row.other_id},
        why=reason,
    )


def _seen(tx: Transaction, suggestion_id: str) -> Row[Any]:
    row = suggestion_store.load(tx, suggestion_id)
    for each in (row.customer_id, row.other_id):
        record = store.record(tx, each)
        if not tx.identity.may_see(record.owner_id, record.unit):
            raise suggestion_store.CustomerSuggestionNotFound(suggestion_id=suggestion_id)
    return row


def _open(tx: Transaction, suggestion_id: str) -> Row[Any]:
    """Locked after merges have taken turns: what was answered meanwhile is seen."""
    row = suggestion_store.load(tx, suggestion_id, lock=True)
    if row.state != "open":
        raise CustomerSuggestionAnswered(state=row.state)
    return row
