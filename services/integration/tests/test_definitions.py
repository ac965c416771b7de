"""What a figure's name means: owner, formula, version, since when; changed at runtime, named by the figures (N7.1)."""

from __future__ import annotations

import time
from datetime import date

import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from chassis.errors import InvalidInput, NotFound, PermissionDenied
from chassis.identity import Identity
from chassis.testing.identity import as_hq, as_rep
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import collection_service_pb2 as collections_pb
from closeloop.integration.v1 import collection_service_pb2_grpc as collections_grpc
from closeloop.integration.v1 import definition_service_pb2 as pb
from closeloop.integration.v1 import definition_service_pb2_grpc as pb_grpc
from closeloop.integration.v1 import policy_service_pb2 as policy_pb
from closeloop.integration.v1 import policy_service_pb2_grpc as policy_grpc
from integration.definitions.policy import SHIPPED, Definition, DefinitionsPolicy, Version, check
from integration.definitions.rules import holding, named
from services.integration.tests.conftest import World

OPS, FINANCE = as_hq("E00700", "ops"), as_hq("E00800", "finance")


def registry(world: World, rpc: Rpc, who: Identity = OPS) -> pb_grpc.DefinitionServiceStub:
    return pb_grpc.DefinitionServiceStub(rpc(world.service, as_=who))


def second_version(of: str, since: str) -> dict[str, object]:
    """The shipped registry with one more version of a definition."""
    body = DefinitionsPolicy().model_dump(mode="json")
    again = {"number": 2, "effective_from": since, "formula_en": "arrived, claimed, checked", "formula_zh": "到账已核"}
    body["definitions"][of]["versions"].append(again)
    return body


def draft(world: World, rpc: Rpc, body: dict[str, object], who: Identity = OPS) -> int:
    told = Struct()
    json_format.ParseDict(body, told)
    stub = policy_grpc.PolicyServiceStub(rpc(world.service, as_=who))
    asked = policy_pb.DraftPolicyRequest(request_id="draft", name="definitions", body=told, reason="口径调整")
    return stub.DraftPolicy(asked).policy.version


def publish(world: World, rpc: Rpc, version: int) -> None:
    stub = policy_grpc.PolicyServiceStub(rpc(world.service, as_=OPS))
    stub.PublishPolicy(policy_pb.PublishPolicyRequest(request_id="publish", name="definitions", version=version))


def figure_s_definition(world: World, rpc: Rpc) -> str:
    stub = collections_grpc.CollectionServiceStub(rpc(world.service, as_=FINANCE))
    asked = collections_pb.GetCollectionSummaryRequest(month="2026-03")
    return str(stub.GetCollectionSummary(asked).provenance.definition)


@pytest.mark.spec("N7.1")
def test_each_definition_says_what_it_means_who_answers_and_since_when(world: World, rpc: Rpc) -> None:
    told = registry(world, rpc, as_rep()).ListDefinitions(pb.ListDefinitionsRequest())
    assert told.policy_version == 0
    assert {each.metric_id for each in told.definitions} == set(SHIPPED)
    for each in told.definitions:
        assert all((each.name, each.name_zh, each.owner, each.current.formula, each.current.formula_zh))
        assert (each.current.version, each.current.effective_from) == (1, "2026-01-01")


@pytest.mark.spec("N7.1")
def test_two_definitions_of_effective_touch_points_are_both_there_and_name_each_other(world: World, rpc: Rpc) -> None:
    asked = pb.ListDefinitionsRequest(concept="effective touch points")
    action, cycle = registry(world, rpc).ListDefinitions(asked).definitions
    assert action.current.formula == "contacts with a need recorded, a demo held or a quote sent"
    assert cycle.current.formula == "customers with an inquiry, a visit and a proposal sent"
    assert (list(action.also_in_use), list(cycle.also_in_use)) == ([cycle.metric_id], [action.metric_id])
    assert action.owner != cycle.owner


@pytest.mark.spec("N7.1", "N2.2")
def test_a_figure_names_the_version_that_holds_and_a_published_one_takes_over(world: World, rpc: Rpc) -> None:
    before = figure_s_definition(world, rpc)
    assert before.startswith("collected.v1: arrived and claimed")
    version = draft(world, rpc, second_version("collected", "2026-03-01"))
    assert figure_s_definition(world, rpc) == before, "a draft holds nowhere"
    publish(world, rpc, version)
    ends = time.monotonic() + 10
    while figure_s_definition(world, rpc) == before and time.monotonic() < ends:
        continue
    assert figure_s_definition(world, rpc) == "collected.v2: arrived, claimed, checked"
    told = registry(world, rpc).GetDefinition(pb.GetDefinitionRequest(metric_id="collected"))
    assert [each.version for each in told.versions] == [1, 2], "the old one stays readable"
    assert told.definition.label == "collected.v2: arrived, claimed, checked"


@pytest.mark.spec("N7.1")
def test_a_version_holds_from_its_day_on() -> None:
    first, second = SHIPPED["collected"].versions[0], Version(
        number=2, effective_from=date(2026, 4, 1), formula_en="other", formula_zh="另"
    )  # fmt: skip
    changed = SHIPPED["collected"].model_copy(update={"versions": (first, second)})
    assert [holding(changed, date(2026, month, 1)).number for month in (1, 3, 4, 12)] == [1, 1, 2, 2]
    assert holding(changed, date(2020, 1, 1)) is first
    assert str(named({"collected": changed}, "collected", date(2026, 4, 1))) == "collected.v2: other"


def changed(**values: object) -> Definition:
    return SHIPPED["collected"].model_copy(update=values)


@pytest.mark.spec("N7.1")
def test_a_registry_that_can_t_be_followed_is_refused() -> None:
    first = SHIPPED["collected"].versions[0]
    skipped, same_day = first.model_copy(update={"number": 3}), first.model_copy(update={"number": 2})
    without = {name: each for name, each in SHIPPED.items() if name != "collected"}
    assert [each.field for each in check(DefinitionsPolicy(definitions=without))] == ["definitions.collected"]
    for versions in ((first, skipped), (first, same_day)):
        found = check(DefinitionsPolicy(definitions=SHIPPED | {"collected": changed(versions=versions)}))
        assert {each.field for each in found} == {"definitions.collected.versions"}
    assert check(DefinitionsPolicy()) == []


@pytest.mark.spec("N7.1")
def test_bad_input_is_refused_at_the_door(world: World, rpc: Rpc) -> None:
    with pytest.raises(NotFound):
        registry(world, rpc).GetDefinition(pb.GetDefinitionRequest(metric_id="nobody_knows"))
    with pytest.raises(InvalidInput):
        registry(world, rpc).GetDefinition(pb.GetDefinitionRequest(metric_id="../etc"))
    with pytest.raises(PermissionDenied):
        draft(world, rpc, second_version("collected", "2026-03-01"), FINANCE)
    with pytest.raises(InvalidInput):
        draft(world, rpc, second_version("collected", "2025-01-01"))
