"""Let a drafted version hold from a time on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from incentives.evaluation.evaluator import Evaluator
from incentives.rule_library import store
from incentives.rule_library.policy import BonusPolicy
from incentives.rule_library.rules import (
    GoldenExample,
    RuleAlreadyPublished,
    RuleFinding,
    RuleNotFound,
    RulePublished,
    check_period,
    refuse_errors,
)
from incentives.rule_library.terms_check_rules import check_neighbours, check_terms
from incentives.rule_library.terms_rules import read_terms
from incentives.rule_library.validate_rule import validate_rule


def publish_rule(
    tx: Transaction,
    evaluator: Evaluator,
    policy: BonusPolicy,
    *,
    rule_id: str,
    version: int,
    starts: datetime,
    ends: datetime | None,
) -> None:
    """Raises RuleNotFound, RuleAlreadyPublished, RuleHasErrors, WrongPeriod. Checked again with today's checks."""
    store.lock_rule(tx, rule_id)
    row = find_version(tx, rule_id, version)
    if row.state != "draft":
        raise RuleAlreadyPublished(rule_id=rule_id, version=version)
    check_period(starts, ends, tx.now, timedelta(days=policy.backdating_days))
    refuse_errors(_check_terms(tx, row, starts, ends))
    refuse_errors(validate_rule(evaluator, row.model, [GoldenExample(**each) for each in row.examples]))
    who = {"publisher": tx.identity.subject, "published_at": tx.now, "effective_from": starts, "effective_to": ends}
    store.set_published(tx, rule_id, version, who)
    tx.record(RulePublished(rule_id, version, row.name, row.name_zh, row.words, row.words_zh, starts, ends))
    tx.audit(action="rule.publish", entity="incentive_rule", entity_id=rule_id, after={"version": version, **who})


def _check_terms(tx: Transaction, row: Row[Any], starts: datetime, ends: datetime | None) -> list[RuleFinding]:
    terms = read_terms(row.terms)
    if terms.group is not None:
        store.lock_group(tx, terms.group.name)
    return [*check_terms(terms), *check_neighbours(row.rule_id, terms, starts, ends, store.published(tx))]


def find_version(tx: Transaction, rule_id: str, version: int | None) -> Row[Any]:
    """The newest when none is named. Raises RuleNotFound."""
    for row in store.versions(tx, rule_id):
        if version is None or row.version == version:
            return row
    raise RuleNotFound()
