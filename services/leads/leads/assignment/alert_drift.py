"""Fairness is measured daily and alerted above 25 % (LD3.7)."""

from __future__ import annotations

from leads.assignment.assigner import Assigner
from leads.assignment.list_rep_loads import rep_loads
from leads.lead.events import FairnessDrifted


def alert_drift(assigner: Assigner) -> int:
    """How many alerts were raised."""
    _, policy = assigner.policy()
    with assigner.uow.begin(assigner.identity) as tx:
        alerts = [
            FairnessDrifted(
                employee_id=each.employee_id,
                name=each.name,
                unit=each.unit,
                manager_id=each.manager_id,
                grade=grade.value,
                owed=each.owed[grade],
                received=each.received[grade],
                drift=drift,
            )
            for each in rep_loads(assigner, tx.now)
            for grade, drift in each.drift.items()
            if drift > policy.fairness_alert
        ]
        for alert in alerts:
            tx.record(alert)
        tx.commit()
    return len(alerts)
