"""Put on file what gates ask for: survey, demo, acceptance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Table

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from forecast.gates import store
from forecast.gates.rules import check_budget, check_held
from forecast.opportunities.find_opportunity import find_opportunity, lock_opportunity
from forecast.tables import acceptance, demo, need_survey


def record_need_survey(
    tx: Transaction,
    opportunity_id: str,
    *,
    budget_low: Money | None,
    budget_high: Money | None,
    decision_roles: Sequence[str],
    needs: str,
) -> Row[Any]:
    """A later survey replaces the earlier for the gate; all are kept. Raises SurveyInvalid."""
    check_budget(budget_low, budget_high)
    values = {
        "budget_low_fen": None if budget_low is None else budget_low.fen,
        "budget_high_fen": None if budget_high is None else budget_high.fen,
        "decision_roles": list(decision_roles),
        "needs": needs,
        "at": tx.now,
    }
    return _put(tx, opportunity_id, need_survey, "survey_id", values)


def record_demo(tx: Transaction, opportunity_id: str, *, held_at: datetime, minutes: int, feedback: str) -> Row[Any]:
    """Raises SurveyInvalid for a demo in the future."""
    check_held(held_at, tx.now)
    return _put(tx, opportunity_id, demo, "demo_id", {"held_at": held_at, "minutes": minutes, "feedback": feedback})


def record_acceptance(tx: Transaction, opportunity_id: str, *, file_id: str, accepted_on: date) -> Row[Any]:
    """The caller has checked that the file is there."""
    values = {"file_id": file_id, "accepted_on": accepted_on, "at": tx.now}
    return _put(tx, opportunity_id, acceptance, "acceptance_id", values)


def _put(tx: Transaction, opportunity_id: str, table: Table, key: str, values: dict[str, Any]) -> Row[Any]:
    lock_opportunity(tx, opportunity_id)
    row = {key: new_id(), "opportunity_id": opportunity_id, "author_id": tx.identity.subject, **values}
    store.insert_item(tx, table, row)
    tx.audit(action=f"{table.name}.record", entity="opportunity", entity_id=opportunity_id, after=row)
    return find_opportunity(tx, opportunity_id)
