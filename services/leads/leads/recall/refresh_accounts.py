"""Ask the directory about every account now, and bring the roster in step (LD4.6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.probe_rules import Answer, Verdict, judge
from leads.handover import store as handovers
from leads.handover.begin_handovers import begin_handovers
from leads.recall import store
from leads.recall.recall_departed import start_recalls
from leads.recall.rules import Departure

UNKNOWN = Answer("", None)
# Accounts asked about in one call.
BATCH = 500
# Real seconds an answer about one batch may take: somebody waits for it, no lead does.
PATIENCE = 1.0


@dataclass(frozen=True)
class Asked:
    """An account as the roster knew it when the directory was asked. No answer: an empty status."""

    account: Row[Any]
    answer: Answer

    @property
    def differs(self) -> bool:
        return self.answer.status not in ("", self.account.status)


@dataclass(frozen=True)
class Changed:
    employee_id: str
    name: str
    before: str
    after: str
    as_of: datetime | None


@dataclass(frozen=True)
class Refreshed:
    verdicts: Counter[Verdict]
    changed: list[Changed]


def ask_about_all(assigner: Assigner) -> list[Asked]:
    """Before the transaction. What was remembered of anybody is forgotten."""
    with assigner.uow.read(assigner.identity) as tx:
        accounts = store.accounts(tx)
    assigner.probe.forget([row.employee_id for row in accounts])
    return [each for batch in _batches(accounts) for each in _ask(assigner, batch)]


def refresh_accounts(tx: Transaction, assigner: Assigner, asked: Sequence[Asked]) -> Refreshed:
    """Who turns out to have left loses the leads of the gap. An event that came meanwhile knows better and stays."""
    _, policy = assigner.policy()
    verdicts = Counter(judge(each.answer, tx.now, policy.status_age) for each in asked)
    before = handovers.known(tx, [each.account.employee_id for each in asked if each.differs])
    changed = [change for each in asked if each.differs for change in _follow(tx, each)]
    left = [each for each in asked if each.answer.status == "departed" and each.differs]
    start_recalls(tx, [_departure(tx, each) for each in left])
    begin_handovers(tx, before, [each.employee_id for each in changed], assigner.policies.current("handover"))
    tx.audit(
        action="accounts.refresh",
        entity="roster",
        entity_id="all",
        after={"checked": len(asked), "changed": [vars(each) | {"as_of": str(each.as_of)} for each in changed]},
    )
    return Refreshed(verdicts, changed)


def _follow(tx: Transaction, each: Asked) -> Iterator[Changed]:
    account, answer = each.account, each.answer
    if store.set_status(tx, account.employee_id, account.version, answer.status, answer.as_of):
        yield Changed(account.employee_id, account.name, account.status, answer.status, answer.as_of)


def _departure(tx: Transaction, each: Asked) -> Departure:
    """The directory's answer carries no day of leaving: the day of the answer counts."""
    account = each.account
    return Departure(account.employee_id, account.version, None, None, each.answer.as_of or tx.now)


def _ask(assigner: Assigner, batch: Sequence[Row[Any]]) -> list[Asked]:
    answers = assigner.probe.ask([row.employee_id for row in batch], PATIENCE)
    return [Asked(row, answers.get(row.employee_id, UNKNOWN)) for row in batch]


def _batches(accounts: Sequence[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    for start in range(0, len(accounts), BATCH):
        yield accounts[start : start + BATCH]
