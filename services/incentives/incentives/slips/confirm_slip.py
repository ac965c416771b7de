"""The beneficiary agrees."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.errors import EtagMismatch
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.slips import store
from incentives.slips.rules import Command, NotYourSlip, Role, SlipConfirmed, SlipNotFound, State, step


def confirm_slip(tx: Transaction, slip_id: str, etag: str) -> Row[Any]:
    """Raises SlipNotFound, NotYourSlip, EtagMismatch, IllegalCommand."""
    found = store.lock_slip(tx, slip_id)
    if found is None:
        raise SlipNotFound()
    if found.beneficiary_id != tx.identity.subject:
        raise NotYourSlip()
    if etag and etag != str(found.version):
        raise EtagMismatch()
    after = step(State(found.state), Command.CONFIRM, Role.BENEFICIARY)
    return set_confirmed(tx, found, after)


def set_confirmed(tx: Transaction, found: Row[Any], after: State, why: str = "") -> Row[Any]:
    """`found` is locked, and `after` what the table says."""
    store.change_slip(tx, found.slip_id, {"state": after.value, "confirmed_at": tx.now})
    tx.deadlines.stop_all(found.slip_id)
    tx.record(
        SlipConfirmed(
            found.slip_id, found.beneficiary_id, found.manager_id, found.unit, Money(found.amount_fen), tx.now
        )
    )
    tx.audit(
        action="slip.confirm", entity="slip", entity_id=found.slip_id, before={"state": found.state},
        after={"state": after.value}, why=why,
    )  # fmt: skip
    return find_slip(tx, found.slip_id)


def find_slip(tx: Transaction, slip_id: str) -> Row[Any]:
    """Raises SlipNotFound."""
    found = store.load_slip(tx, slip_id)
    if found is None:
        raise SlipNotFound()
    return found
