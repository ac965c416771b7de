"""Publish a rule and look again at the orders that were signed in its period already."""

from __future__ import annotations

from datetime import datetime

from chassis.unit_of_work import Transaction
from incentives.deals import history_store
from incentives.deals.settle_deals import Settlement, look_again
from incentives.rule_library.publish_rule import publish_rule


def apply_rule(
    tx: Transaction, settlement: Settlement, *, rule_id: str, version: int, starts: datetime, ends: datetime | None
) -> None:
    """Raises what `publish_rule` raises."""
    policy = settlement.policy
    publish_rule(tx, settlement.evaluator, policy, rule_id=rule_id, version=version, starts=starts, ends=ends)
    look_again(tx, lambda: history_store.keys_signed_since(tx, starts))
