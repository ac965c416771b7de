"""Ask for a budget, or for more of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.kernel.calendar import local_date
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from incentives.budgets import store
from incentives.budgets.rules import GROUP, PROPOSED, RULE, Period, check_proposal
from incentives.ledger.store import lock_books
from incentives.rule_library.store import is_known


@dataclass(frozen=True)
class Proposal:
    """`period` None: not one that is known. `starts_on` None: the period of today."""

    rule_id: str
    group: str
    period: Period | None
    starts_on: date | None
    onward: bool
    amount: Money
    reason: str


def propose_budget(tx: Transaction, said: Proposal) -> str:
    """Its id. One after the other: the first says by which period the budget goes. Raises WrongBudget."""
    lock_books(tx)
    today = local_date(tx.now)
    fixed = store.period_of(tx, RULE + said.rule_id if said.rule_id else GROUP + said.group)
    known = is_known(tx, rule_id=said.rule_id, group=said.group)
    span = check_proposal(
        said.rule_id, said.group, known, said.period, fixed, said.amount.fen, said.amount.currency,
        said.starts_on or today, today,
    )  # fmt: skip
    change_id = new_id()
    values = {
        "change_id": change_id,
        "budget_id": span.budget_id,
        "period": span.period.value,
        "starts_on": span.starts_on,
        "onward": said.onward,
        "amount_fen": said.amount.fen,
        "state": PROPOSED,
        "reason": said.reason,
        "proposed_by": tx.identity.subject,
        "proposed_at": tx.now,
    }
    store.insert_change(tx, values)
    tx.audit(action="budget.propose", entity="budget", entity_id=span.budget_id, after=values, why=said.reason)
    return change_id
