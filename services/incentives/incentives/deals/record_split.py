"""Record how an order is shared; the rules that go by it are looked at again."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.errors import InvalidInput, Violation
from chassis.unit_of_work import Transaction
from incentives.deals import store
from incentives.deals.settle_deals import look_again
from incentives.deals.split_rules import OwnShare, check_shares
from incentives.deals.view_deal import find_deal
from incentives.ledger.store import lock_books
from incentives.roster.store import unit_of
from incentives.slips.store import beneficiaries


def record_split(tx: Transaction, deal_key: str, shares: Mapping[str, int], listed: int, reason: str) -> None:
    """`listed`: how many shares were told. Raises DealNotFound, OwnShare, InvalidInput."""
    lock_books(tx)
    deal = find_deal(tx, deal_key)
    if tx.identity.subject in {*shares, deal.salesperson_id, *beneficiaries(tx, deal_key)}:
        raise OwnShare()
    wrong = check_shares(shares, listed)
    wrong += [
        Violation("shares", f"nobody is known as {who}", f"没有工号为 {who} 的员工")
        for who in sorted(shares) if unit_of(tx, who) is None
    ]  # fmt: skip
    if wrong:
        raise InvalidInput.of(*wrong)
    before = store.load_split(tx, deal_key)
    values = {
        "deal_key": deal_key,
        "shares": dict(shares),
        "reason": reason,
        "recorded_by": tx.identity.subject,
        "recorded_at": tx.now,
    }
    store.save_split(tx, values)
    tx.audit(
        action="deal.split", entity="deal", entity_id=deal_key, before={"shares": before.shares if before else None},
        after={"shares": dict(shares)}, why=reason,
    )  # fmt: skip
    look_again(tx, lambda: [deal_key])
