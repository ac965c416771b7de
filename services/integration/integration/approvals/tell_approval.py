"""Tell an approval on, once."""

from __future__ import annotations

from dataclasses import replace

from chassis.unit_of_work import Transaction
from integration.approvals import store
from integration.approvals.rules import ApprovalCompleted


def tell_approval(tx: Transaction, approval: ApprovalCompleted) -> None:
    """DingTalk tells again what was not answered in time: with another nonce, the same approval."""
    told = replace(approval, applicant_id=store.applicant(tx, approval.applicant_id))
    if store.add(tx, told):
        tx.record(told)
