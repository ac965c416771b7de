"""Which loops run in which role."""

from __future__ import annotations

from threading import Event

import pytest

from chassis.config import Mode, Settings
from chassis.events import EventCatalog
from chassis.service import Loop, Runtime, Service
from chassis.service.roles import Role, loops
from chassis.testing.contracts import Contract
from chassis.testing.identity import Keys


def wait(stop: Event) -> None:
    stop.wait()


@pytest.mark.spec("P3.1")
@pytest.mark.parametrize(("role", "runs"), [(Role.SERVE, {"fresh"}), (Role.JOBS, {"sealer", "mails"})])
def test_what_answers_need_runs_where_answers_are_given(
    contract: Contract, keys: Keys, role: Role, runs: set[str]
) -> None:
    away = {"database_url": "postgresql://nobody@127.0.0.1:1/none", "kafka_bootstrap": "127.0.0.1:1"}
    settings = Settings(mode=Mode.LOCAL, **away)
    runtime = Runtime("notebook", settings, EventCatalog.of(contract.pb2), keyring=keys.of("notebook"))
    service = Service(runtime, loops=[Loop("mails", wait)], beside_rpc=[Loop("fresh", wait)])
    try:
        assert {each.name for each in loops(service, role, None)} == runs
        assert {"fresh", "mails"} <= {each.name for each in loops(service, Role.ALL, None)}
    finally:
        runtime.close()
