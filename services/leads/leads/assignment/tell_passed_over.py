"""A rep who is left out for load alone is told so, once a day (LD3.13)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from sqlalchemy.dialects.postgresql import insert

from chassis.identity import of_service
from chassis.unit_of_work import Transaction, UnitOfWork
from leads import tables
from leads.assignment.desk import Desk
from leads.assignment.input_rules import Counts
from leads.lead.events import RepPassedOver
from leads.lead.rules import Grade


@dataclass
class Told:
    """Whom this process knows to have been told today, by rep number; and who is to be told now."""

    day: date = date.min
    numbers: Counts = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    due: dict[str, RepPassedOver] = field(default_factory=dict)

    def note(self, desk: Desk, grades: Iterable[Grade]) -> None:
        """Leads of the grades are decided on at the desk."""
        if desk.day != self.day:
            self.day, self.numbers, self.due = desk.day, self.numbers[:0], {}
        for grade in grades:
            full = desk.full(grade)
            if len(full):
                self._note(desk, full)

    def take(self) -> list[RepPassedOver]:
        """In one order, so that processes that tell the same at once don't wait for each other."""
        due, self.due = self.due, {}
        return [due[each] for each in sorted(due)]

    def _note(self, desk: Desk, full: Counts) -> None:
        numbers = desk.numbers(full)
        new = ~np.isin(numbers, self.numbers)
        if new.any():
            self.due |= {each.employee_id: each for each in desk.passed_over(full[new])}
            self.numbers = np.union1d(self.numbers, numbers[new])


def tell_passed_over(uow: UnitOfWork, told: Told) -> None:
    """After the decisions, in a transaction of its own: nobody's lead waits for it."""
    due = told.take()
    if not due:
        return
    with uow.begin(of_service(uow.service)) as tx:
        first = _first_today(tx, due)
        for each in due:
            if each.employee_id in first:
                tx.record(each)
        tx.commit()


def _first_today(tx: Transaction, due: Collection[RepPassedOver]) -> frozenset[str]:
    rows = insert(tables.load_told).values([{"employee_id": each.employee_id, "day": each.day} for each in due])
    told = tables.load_told.c.employee_id
    return frozenset(tx.execute(rows.on_conflict_do_nothing().returning(told)).scalars())
