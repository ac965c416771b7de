"""Why did this lead go to Li Na, and why not to Zhang Wei? One call, in words and figures (LD3.10).

"Why not" is recomputed from the versioned inputs through the snapshot the decision saw, by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from chassis import policy_versions
from chassis.errors import NotFound
from chassis.policy import PolicySpec
from chassis.unit_of_work import Transaction
from leads.assignment import decision_store
from leads.assignment.board import board_then
from leads.assignment.board_store import ahead
from leads.assignment.choice_rules import Contest, contest
from leads.assignment.explain_rules import Measured, Words, summary, why_not, winner_of
from leads.assignment.input_rules import Circumstances, Wanted
from leads.assignment.measure_rules import measured
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_rules import Checked, Verdict
from leads.assignment.rules import Place
from leads.lead import store
from leads.lead.rules import Grade, Position
from leads.roster import store as roster
from leads.roster.store import EmployeeNotFound


class NotDecidedYet(NotFound):
    en = "Lead {lead_id} has not been decided on yet."
    zh = "线索 {lead_id} 尚未进行分配。"


@dataclass(frozen=True)
class Explanation:
    """`row` is the stored decision; `asked` the recomputed parts of who was asked about."""

    row: Row[Any]
    winner_name: str
    summary: Words
    asked: Measured | None = None
    why_not: Words = ("", "")
    weights: Mapping[str, float] = field(default_factory=dict)


def explain_assignment(tx: Transaction, lead_id: str, asked_id: str, spec: PolicySpec[AssignmentPolicy]) -> Explanation:
    """Of the latest decision. Raises LeadNotFound, NotDecidedYet or EmployeeNotFound."""
    store.load(tx, lead_id)
    row = decision_store.latest(tx, lead_id)
    if row is None:
        raise NotDecidedYet(lead_id=lead_id)
    winner_name = roster.person(tx, row.winner_id).name if row.winner_id else ""
    words = summary(row.outcome, row.body, row.winner_id if row.outcome == "assigned" else winner_name)
    weights = row.body.get("weights", {})
    if not asked_id:
        return Explanation(row, winner_name, words, weights=weights)
    if not row.snapshot:
        return _not_compared(tx, row, winner_name, words, asked_id)
    asked = recompute(tx, row, asked_id, spec)
    winner = winner_of(row.body, row.winner_id) if row.winner_id else None
    reason = why_not(asked, winner, row.body)
    return Explanation(row, winner_name, words, asked, reason, weights)


def recompute(tx: Transaction, row: Row[Any], employee_id: str, spec: PolicySpec[AssignmentPolicy]) -> Measured:
    """The parts of one employee in a decision, from the rows as the decision saw them. Raises EmployeeNotFound."""
    then = contest_then(tx, row, spec)
    at = then.reps.find(employee_id)
    if at is None:
        raise EmployeeNotFound(employee_id=employee_id)
    probed = row.body["refused"].get(employee_id)
    checked = Checked(Verdict(probed["verdict"]), probed["age_seconds"]) if probed else None
    return measured(then, at, checked)


def contest_then(tx: Transaction, row: Row[Any], spec: PolicySpec[AssignmentPolicy]) -> Contest:
    """The whole contest of a stored decision, made again."""
    policy = spec.model.model_validate(policy_versions.get(tx, spec, row.policy_version).body)
    grade, lead, around = Grade(row.grade), row.body["lead"], row.body["circumstances"]
    batch = row.body.get("batch")
    before = ahead(tx.conn, row.at, batch["id"], batch["place"]) if batch else ()
    view = board_then(tx.conn, row.snapshot, grade, row.at, around["high_load_before"], policy, before)
    position = Position(*lead["position"]) if lead["position"] else None
    place = Place(position, lead["province"], lead["city"])
    wanted = Wanted(row.lead_id, grade, lead["industry"], place, frozenset(lead["barred"]))
    return contest(view.reps, wanted, Circumstances(row.at, **around), policy)


def _not_compared(tx: Transaction, row: Row[Any], winner_name: str, words: Words, asked_id: str) -> Explanation:
    """By hand, or by the customer's owner: nobody was scored."""
    person = roster.person(tx, asked_id)
    if not person.name:
        raise EmployeeNotFound(employee_id=asked_id)
    reason = why_not({"name": person.name, "refused": "", "employee_id": asked_id}, None, row.body)
    return Explanation(row, winner_name, words, None, reason)
