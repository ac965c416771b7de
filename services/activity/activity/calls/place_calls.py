"""Calls with a number nobody knew find their lead, now that it is assigned."""

from __future__ import annotations

from activity.calls import store
from activity.calls.record_call import told
from chassis.unit_of_work import Transaction


def place_calls(tx: Transaction, *, phone: str, lead_id: str, customer_id: str) -> None:
    if phone:
        for row in store.place_calls(tx, phone, lead_id, customer_id):
            tx.record(told(row))
