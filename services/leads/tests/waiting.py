"""What a test waits for, a policy that it publishes at runtime among it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from chassis import policy_versions
from chassis.policy import PolicySpec
from chassis.testing.identity import as_hq

from .company import Company

# Seconds in which a published version must hold; what else is waited for takes less.
PATIENCE = 3.0


def publish(company: Company, spec: PolicySpec[Any], body: dict[str, Any]) -> None:
    """Returns when it holds: what was read a moment before is good for a second."""
    with company.service.uow.begin(as_hq()) as tx:
        draft = policy_versions.draft(tx, spec, body, "Test")
        policy_versions.publish(tx, spec, draft.version, None)
        tx.commit()
    wait_until(lambda: company.service.runtime.policies.current(spec)[0] == draft.version)


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)
