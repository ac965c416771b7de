"""How often somebody's claims came true, and the team's beside it."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.errors import NotFound
from chassis.unit_of_work import Transaction
from forecast.credibility import store
from forecast.credibility.rules import Accuracy, Deal, accuracy, counted
from forecast.policy import CredibilityPolicy
from forecast.roster.store import find_employee


class PersonNotFound(NotFound):
    en = "There is no such employee."
    zh = "没有找到该员工。"


@dataclass(frozen=True)
class Record:
    """`own` and `team` hold all deals of the window, `counted` those with a high last claim."""

    accuracy: Accuracy
    counted: list[Deal]
    own: list[Deal]
    team: list[Deal]


def weigh_person(tx: Transaction, employee_id: str, unit: str, policy: CredibilityPolicy) -> Record:
    """`unit` tells the team; the person counts for it even when the roster does not know the person yet."""
    by_owner = store.deals_of_unit(tx, unit, policy)
    own = by_owner.get(employee_id) or store.deals_of(tx, employee_id, policy)
    team = [deal for owner, deals in by_owner.items() if owner != employee_id for deal in deals] + own
    high = counted(own, tx.now, policy)
    return Record(accuracy(high, counted(team, tx.now, policy), policy), high, own, team)


def view_credibility(tx: Transaction, employee_id: str, policy: CredibilityPolicy) -> Record:
    """Raises PersonNotFound for somebody unknown or out of the caller's sight."""
    person = find_employee(tx, employee_id)
    if person is None or not tx.identity.may_see(person.employee_id, person.unit):
        raise PersonNotFound()
    return weigh_person(tx, employee_id, person.unit, policy)
