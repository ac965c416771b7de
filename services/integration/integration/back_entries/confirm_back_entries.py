"""The bank tells of what was entered by hand: it is confirmed, differences are told to who vouched for it (N6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from chassis.unit_of_work import Transaction
from integration.back_entries import store
from integration.back_entries.events import BackfillConfirmed
from integration.receipts.by_hand_rules import Superseded


def confirm_back_entries(tx: Transaction, superseded: Sequence[Superseded]) -> None:
    """In the transaction of the feed that brought them."""
    if not superseded:
        return
    found = {each.entry_id: each.differences for each in superseded}
    for row in store.of_receipts(tx, list(found)):
        unlike = found[str(row.receipt_id)]
        store.change(tx, row.id, confirmed_at=tx.now, differences=[asdict(each) for each in unlike])
        people = (row.author_id, row.finance_approver_id, row.sales_approver_id)
        tx.record(BackfillConfirmed(row.id, row.receipt_id, row.voucher_number, *people, unlike))
        after = {"receipt": row.receipt_id, "differences": [asdict(each) for each in unlike]}
        tx.audit(action="back_entry.confirm", entity="back_entry", entity_id=row.id, after=after)
