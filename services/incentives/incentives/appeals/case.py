"""A slip and its appeal, locked; who the caller is to them; and one step of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from chassis.errors import EtagMismatch
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.appeals import store
from incentives.appeals.rules import AppealNotFound, Level, NotTheDecider, OwnPay, Seat, SecondPersonNeeded, seats
from incentives.roster.store import manager_of
from incentives.slips import store as slips
from incentives.slips.rules import TABLE, Command, NotYourSlip, Role, SlipNotFound, State, allowed, step_as

# Where nothing is left to dispute.
CLOSED = {State.PENDING, State.CONFIRMED}
_DECIDERS = {Command.ASSIGN, Command.ASK_INFO, Command.UPHOLD, Command.UPHOLD_PARTLY, Command.REJECT}


@dataclass(frozen=True)
class Case:
    slip: Row[Any]
    # None before the first appeal.
    appeal: Row[Any] | None
    paid: frozenset[str]

    @property
    def state(self) -> State:
        return State(self.slip.state)

    @property
    def amount(self) -> Money:
        return Money(self.slip.amount_fen)

    @property
    def opened(self) -> Row[Any]:
        """Raises AppealNotFound."""
        if self.appeal is None:
            raise AppealNotFound()
        return self.appeal


def lock_case(tx: Transaction, slip_id: str, etag: str = "") -> Case:
    """Raises SlipNotFound, EtagMismatch."""
    found = slips.lock_slip(tx, slip_id)
    if found is None:
        raise SlipNotFound()
    if etag and etag != str(found.version):
        raise EtagMismatch()
    return case_of(tx, found)


def case_of(tx: Transaction, found: Row[Any]) -> Case:
    paid = slips.beneficiaries(tx, found.deal_key) | {found.beneficiary_id}
    return Case(found, store.load_appeal(tx, found.slip_id), frozenset(paid))


def roles_of(tx: Transaction, case: Case) -> set[Role]:
    """What the caller is to this slip. Whoever the deal pays is nothing but that."""
    me, appeal = tx.identity, case.appeal
    if me.kind == "service":
        return {Role.SYSTEM}
    if me.subject in case.paid:
        return {Role.BENEFICIARY} if me.subject == case.slip.beneficiary_id else set()
    roles = {Role.HEADQUARTERS} if me.has_any("hq", "ops") else set()
    if appeal is not None and _decides(tx, appeal):
        roles.add(Role.DECIDER)
    if me.has_any("finance") and (appeal is None or appeal.decided_by != me.subject):
        roles.add(Role.FINANCE)
    return roles


def _decides(tx: Transaction, appeal: Row[Any]) -> bool:
    if appeal.decider_id:
        return bool(appeal.decider_id == tx.identity.subject)
    return appeal.level == Level.HEADQUARTERS and tx.identity.has_any("hq")


def possible(tx: Transaction, case: Case) -> list[str]:
    return sorted({each for role in roles_of(tx, case) for each in allowed(case.state, role)})


def take_step(
    tx: Transaction,
    case: Case,
    command: Command,
    *,
    roles: set[Role] | None = None,
    note: str = "",
    file_id: str = "",
    slip: Mapping[str, Any] | None = None,
    appeal: Mapping[str, Any] | None = None,
) -> Case:
    """The case after it. `slip` and `appeal`: what changes beside the state.

    Raises IllegalCommand, NotYourSlip, OwnPay, NotTheDecider, SecondPersonNeeded.
    """
    opened, mine = case.opened, roles_of(tx, case) if roles is None else roles
    _refuse_others(tx, case, command, mine)
    after = step_as(case.state, command, mine)
    closing = {"closed_at": tx.now, "due_at": None} if after in CLOSED else {}
    changes = {**closing, **(appeal or {})}
    slips.change_slip(tx, case.slip.slip_id, {"state": after.value, **(slip or {})})
    if changes:
        store.change_appeal(tx, opened.appeal_id, changes)
    tx.audit(
        action=f"slip.{command.value}", entity="slip", entity_id=case.slip.slip_id, before={"state": case.state.value},
        after={"state": after.value, **(slip or {}), **(appeal or {})}, why=note,
    )  # fmt: skip
    changed = reload(tx, case)
    store.add_step(tx, changed.opened, command, after, note=note, file_id=file_id)
    return changed


def reload(tx: Transaction, case: Case) -> Case:
    found = slips.lock_slip(tx, case.slip.slip_id)
    if found is None:
        raise SlipNotFound()
    return case_of(tx, found)


def _refuse_others(tx: Transaction, case: Case, command: Command, mine: set[Role]) -> None:
    """Says more precisely than the table whom a step that is possible now waits for."""
    known, _ = TABLE.get((case.state, command), (frozenset(), case.state))
    if not known or not known.isdisjoint(mine):
        return
    can = possible(tx, case)
    if known == {Role.BENEFICIARY}:
        raise NotYourSlip()
    if command in _DECIDERS and tx.identity.subject in case.paid:
        raise OwnPay(allowed=can)
    if command in _DECIDERS:
        raise NotTheDecider(level=case.opened.level, decider_id=case.opened.decider_id or "–", allowed=can)
    if Role.FINANCE in known:
        raise SecondPersonNeeded(allowed=can)


def chain(tx: Transaction, case: Case) -> list[Seat]:
    """Who may decide, in turn, as the company is today."""
    manager = manager_of(tx, case.slip.beneficiary_id) or case.slip.manager_id
    return seats(manager, manager_of(tx, manager), case.paid)
