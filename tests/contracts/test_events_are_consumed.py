"""Each consumed event has a publisher, each published event a consumer or the mark "external"."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2

from closeloop.common.v1 import event_pb2
from tools.checks import contract_rules
from tools.checks.consumers import SERVICES, consumed

Image = descriptor_pb2.FileDescriptorSet


@pytest.mark.spec("P3.2")
def test_published_and_consumed_events_match(image: Image) -> None:
    by_service = consumed()
    missing = set(SERVICES) - by_service.keys()
    assert not missing, f"no consumers.py in {sorted(missing)}"
    assert contract_rules.unmatched(contract_rules.events(image), by_service) == []


@pytest.mark.spec("P3.2")
@pytest.mark.parametrize(
    ("external", "wanted", "finding"),
    [
        (False, {"leads.assigned", "leads.lost"}, "activity consumes leads.lost, which no contract publishes"),
        (False, set(), "leads.assigned has no consumer and is not external"),
        (True, {"leads.assigned"}, "leads.assigned is external and has a consumer"),
        (True, set(), None),
        (False, {"leads.assigned"}, None),
    ],
)
def test_a_type_without_counterpart_is_found(external: bool, wanted: set[str], finding: str | None) -> None:
    contract = event_pb2.EventContract(type="leads.assigned", external=external)
    event = contract_rules.Event("closeloop.leads.v1.LeadAssigned", descriptor_pb2.DescriptorProto(), contract)
    assert contract_rules.unmatched([event], {"activity": wanted}) == ([finding] if finding else [])
