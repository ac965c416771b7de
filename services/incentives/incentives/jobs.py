"""Dated work → use case."""

from __future__ import annotations

from chassis.deadline_runner import Handler
from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from incentives.deals.settle_deals import SETTLE, Settlement, settle_deals


def deadlines(settlement: Settlement) -> dict[str, Handler]:
    def settle(tx: Transaction, deadline: Deadline) -> None:
        settle_deals(tx, [deadline.subject_id], settlement)

    return {SETTLE: settle}
