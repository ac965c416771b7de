"""A merge or un-merge changed what a lead is found and compared by: its contact, phone and city (LD1.4, LD7.1)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.duplicates import near_store
from leads.pool.index_leads import forget_words, index_leads


def index_again(tx: Transaction, lead_id: str) -> None:
    """A lead whose name was not compared yet is left to its own event, which compares it."""
    forget_words(tx, lead_id)
    index_leads(tx, [lead_id])
    if near_store.forget_name(tx, lead_id):
        near_store.add_names(tx, [lead_id])
