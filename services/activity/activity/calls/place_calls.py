"""Calls with a number nobody knew find their lead, now that it is assigned."""

from __future__ import annotations

from activity.calls import store
from activity.calls.record_call import told
from activity.parties.store import lock_contact
from chassis.unit_of_work import Transaction


def place_calls(tx: Transaction, *, phone: str, lead_id: str) -> None:
    if not phone:
        return
    lock_contact(tx, phone)
    for row in store.place_calls(tx, phone, lead_id):
        tx.record(told(row))
