"""Play what was asked for, draft and live policy, and keep the report (LD3.11).

Nothing is held while leads are played; a process that dies in between leaves the replay to the next run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from chassis import policy_versions, telemetry
from chassis.policy import PolicySpec, read_body
from chassis.unit_of_work import Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.policy import AssignmentPolicy
from leads.replay import store
from leads.replay.play import play
from leads.replay.report_rules import Report, report

log = telemetry.logger()


def run_replays(assigner: Assigner, spec: PolicySpec[AssignmentPolicy]) -> int:
    """How many came to an end."""
    with assigner.uow.read(assigner.identity) as tx:
        asked = store.running(tx)
    for row in asked:
        _run(assigner, spec, row)
    return len(asked)


def _run(assigner: Assigner, spec: PolicySpec[AssignmentPolicy], row: Row[Any]) -> None:
    with assigner.uow.read(assigner.identity) as tx:
        live, draft = (_policy(tx, spec, version) for version in (row.live_version, row.draft_version))
    if live is None or draft is None:
        values: dict[str, Any] = {"state": "failed", "error": "A version is not valid any more."}
    else:
        found = _report(assigner, row, live, draft)
        values = {"state": "done", "report": found.document(), "leads": found.leads}
    with assigner.uow.begin(assigner.identity) as tx:
        store.finish(tx, row.replay_id, **values)
        tx.commit()
    log.info("replay.finished", replay_id=row.replay_id, state=values["state"])


def _report(assigner: Assigner, row: Row[Any], live: AssignmentPolicy, draft: AssignmentPolicy) -> Report:
    until = row.started_at
    with assigner.uow.read(assigner.identity) as tx:
        past = store.past(tx, until - timedelta(days=row.days), until)
    plays = [
        (play(assigner.board.view(until, policy).reps, past, policy, until), policy.fairness_alert)
        for policy in (live, draft)
    ]
    employees = [str(each) for each in assigner.board.view(until, live).reps.employee_id]
    return report(employees, [each.owner for each in past], [not each.fixed for each in past], *plays)


def _policy(tx: Transaction, spec: PolicySpec[AssignmentPolicy], version: int) -> AssignmentPolicy | None:
    """None when the model has changed since, so that the version says nothing any more."""
    return read_body(spec, policy_versions.get(tx, spec, version).body)
