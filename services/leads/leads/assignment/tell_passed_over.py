"""A rep who is left out for load alone is told so, once a day (LD3.13)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from leads import tables
from leads.assignment.assigner import Assigner
from leads.assignment.choice_rules import FILTERS, Contest
from leads.lead.events import RepPassedOver

_LOAD = FILTERS.index("load")


def tell_passed_over(assigner: Assigner, contest: Contest) -> None:
    """After the decision, in a transaction of its own: nobody's lead waits for it."""
    day = local_date(contest.circumstances.at)
    full = {str(contest.reps.employee_id[at]): int(at) for at in np.flatnonzero(contest.refused_by == _LOAD)}
    untold = sorted(each for each in full if assigner.told.get(each) != day)
    if not untold:
        return
    with assigner.uow.begin(assigner.identity) as tx:
        for employee_id in _first_today(tx, untold, contest):
            tx.record(_event(contest, full[employee_id]))
        tx.commit()
    assigner.told.update(dict.fromkeys(untold, day))


def _first_today(tx: Transaction, employee_ids: Sequence[str], contest: Contest) -> list[str]:
    day = local_date(contest.circumstances.at)
    rows = insert(tables.load_told).values([{"employee_id": each, "day": day} for each in employee_ids])
    told = tables.load_told.c.employee_id
    return sorted(tx.execute(rows.on_conflict_do_nothing().returning(told)).scalars())


def _event(contest: Contest, at: int) -> RepPassedOver:
    reps = contest.reps
    return RepPassedOver(
        employee_id=str(reps.employee_id[at]),
        name=str(reps.name[at]),
        unit=str(reps.unit[at]),
        load=float(contest.load[at]),
        weighted=round(float(contest.weighted[at]), 2),
        baseline=float(contest.baseline[at]),
        day=local_date(contest.circumstances.at),
    )
