"""A policy that a test publishes at runtime."""

from __future__ import annotations

import time
from typing import Any

from chassis import policy_versions
from chassis.policy import PolicySpec
from chassis.testing.identity import as_hq

from .company import Company

# Seconds in which a published version must hold.
HOLDS_WITHIN = 3.0


def publish(company: Company, spec: PolicySpec[Any], body: dict[str, Any]) -> None:
    """Returns when it holds: what was read a moment before is good for a second."""
    with company.service.uow.begin(as_hq()) as tx:
        draft = policy_versions.draft(tx, spec, body, "Test")
        policy_versions.publish(tx, spec, draft.version, None)
        tx.commit()
    ends = time.monotonic() + HOLDS_WITHIN
    while company.service.runtime.policies.current(spec)[0] != draft.version:
        assert time.monotonic() < ends, f"{spec.name} {draft.version} does not hold"
        time.sleep(0.02)
