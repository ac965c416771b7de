"""Ask what a draft would have done (LD3.11). The work is done in the background."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis import policy_versions
from chassis.kernel.ids import new_id
from chassis.policy import PolicySpec
from chassis.unit_of_work import Transaction
from leads.assignment.policy import AssignmentPolicy
from leads.replay import store


def start_replay(tx: Transaction, spec: PolicySpec[AssignmentPolicy], version: int, days: int) -> Row[Any]:
    """Beside the policy that holds now. Raises PolicyVersionNotFound."""
    policy_versions.get(tx, spec, version)
    replay_id = new_id()
    values = {
        "replay_id": replay_id,
        "state": "running",
        "draft_version": version,
        "live_version": policy_versions.live(tx, spec).version,
        "days": days,
        "started_by": tx.identity.subject,
        "started_at": tx.now,
    }
    store.add(tx, values)
    tx.audit(action="policy.replay", entity="policy", entity_id=f"{spec.name}/{version}", after={"days": days})
    return store.load(tx, replay_id)
