"""The PolicyService of each context, over a real server."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, ConfigDict, Field

import closeloop
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.errors import InvalidInput, NotFound, PermissionDenied
from chassis.events import EventCatalog
from chassis.identity import Identity
from chassis.policy import Policies, PolicySpec
from chassis.rpc.policy_servicer import policy_servicer
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from chassis.unit_of_work import UnitOfWork

# Every context whose contracts have a PolicyService.
CONTEXTS = sorted(path.parts[-3] for path in Path(closeloop.__path__[0]).glob("*/v1/policy_service_pb2.py"))


class Pace(BaseModel):
    model_config = ConfigDict(frozen=True)

    alert_percent: int = Field(15, ge=1, le=100)


SPEC = PolicySpec("pace", Pace)


class Desk:
    """One context's PolicyService, and stubs that call it as somebody."""

    def __init__(self, context: str, database: Database, clock: FixedClock, rpc: Rpc) -> None:
        self.pb2: Any = importlib.import_module(f"closeloop.{context}.v1.policy_service_pb2")
        self._grpc = importlib.import_module(f"closeloop.{context}.v1.policy_service_pb2_grpc")
        self._rpc = rpc
        self.policies = Policies(database, [SPEC], clock, refresh=0)
        uow = UnitOfWork(database, clock, EventCatalog(()), context)
        self._served = [policy_servicer(self.pb2, self._grpc, uow, self.policies.specs)]

    def as_(self, person: Identity) -> Any:
        return self._grpc.PolicyServiceStub(self._rpc(self._served, as_=person))

    def draft(self, request_id: str, **body: Any) -> Any:
        settings = Struct()
        settings.update(body)
        return self.pb2.DraftPolicyRequest(request_id=request_id, name="pace", body=settings, reason="quieter")


@pytest.fixture
def desk(service_database: Callable[[str], Database], clock: FixedClock, rpc: Rpc) -> Iterator[Callable[[str], Desk]]:
    with ExitStack() as stack:

        def open_desk(context: str) -> Desk:
            desk = Desk(context, service_database("governed"), clock, rpc)
            stack.callback(desk.policies.close)
            return desk

        yield open_desk


@pytest.mark.spec("P3.1")
@pytest.mark.parametrize("context", CONTEXTS)
def test_the_contract_of_every_context_drafts_and_publishes(
    desk: Callable[[str], Desk], context: str, clock: FixedClock
) -> None:
    here = desk(context)
    hq = here.as_(as_hq("E00900", "ops", "hq", "finance"))
    (before,) = hq.ListPolicies(here.pb2.ListPoliciesRequest()).policies
    assert (before.name, before.version, before.body["alert_percent"]) == ("pace", 0, 15)
    assert before.state == here.pb2.POLICY_STATE_DEFAULT
    drafted = hq.DraftPolicy(here.draft("r1", alert_percent=20)).policy
    assert (drafted.version, drafted.author, drafted.state) == (1, "E00900", here.pb2.POLICY_STATE_DRAFT)
    later = Timestamp()
    later.FromDatetime(clock.now() + timedelta(hours=1))
    request = here.pb2.PublishPolicyRequest(request_id="r2", name="pace", version=1, effective_from=later)
    published = hq.PublishPolicy(request).policy
    assert published.effective_from.ToDatetime(UTC) == clock.now() + timedelta(hours=1)
    assert here.policies.current(SPEC) == (0, Pace())
    clock.advance(timedelta(hours=1))
    assert here.policies.current(SPEC) == (1, Pace(alert_percent=20))
    answer = hq.GetPolicy(here.pb2.GetPolicyRequest(name="pace"))
    assert (answer.policy.version, answer.policy.publisher) == (1, "E00900")
    assert [each.version for each in answer.history] == [1, 0]
    assert hq.GetPolicy(here.pb2.GetPolicyRequest(name="pace", version=0)).policy.body["alert_percent"] == 15


@pytest.mark.spec("P1.4")
def test_a_rep_reads_policies_and_may_not_change_them(desk: Callable[[str], Desk]) -> None:
    here = desk("leads")
    rep = here.as_(as_rep())
    assert rep.GetPolicy(here.pb2.GetPolicyRequest(name="pace")).policy.version == 0
    with pytest.raises(PermissionDenied):
        rep.DraftPolicy(here.draft("r1", alert_percent=20))


@pytest.mark.spec("P1.5")
def test_wrong_settings_are_named_on_the_wire_and_unknown_policies_are_not_found(desk: Callable[[str], Desk]) -> None:
    here = desk("leads")
    hq = here.as_(as_hq())
    with pytest.raises(InvalidInput) as refused:
        hq.DraftPolicy(here.draft("r1", alert_percent=500, loud=True))
    assert {(each.field, each.zh) for each in refused.value.violations} == {
        ("body.alert_percent", "不能大于 100"),
        ("body.loud", "不是已知的设置项"),
    }
    with pytest.raises(NotFound):
        hq.GetPolicy(here.pb2.GetPolicyRequest(name="unheard"))


@pytest.mark.spec("P1.1")
def test_drafting_again_with_the_same_request_makes_no_second_version(desk: Callable[[str], Desk]) -> None:
    here = desk("leads")
    hq = here.as_(as_hq())
    first = hq.DraftPolicy(here.draft("r1", alert_percent=20))
    assert hq.DraftPolicy(here.draft("r1", alert_percent=20)) == first
    assert hq.DraftPolicy(here.draft("r2", alert_percent=20)).policy.version == 2
