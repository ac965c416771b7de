"""Metric definitions as contract messages."""

from __future__ import annotations

from closeloop.integration.v1 import definition_service_pb2 as pb
from integration.definitions.policy import DefinitionsPolicy, Version
from integration.definitions.rules import Named, also_in_use
from integration.mapping.common import day


def definition(each: Named, policy: DefinitionsPolicy) -> pb.MetricDefinition:
    found = each.definition
    return pb.MetricDefinition(
        metric_id=each.metric_id,
        concept=found.concept,
        name=found.name_en,
        name_zh=found.name_zh,
        owner=found.owner,
        current=version(each.version),
        also_in_use=also_in_use(policy.definitions, each.metric_id),
        label=str(each),
    )


def version(each: Version) -> pb.DefinitionVersion:
    return pb.DefinitionVersion(
        version=each.number,
        effective_from=day(each.effective_from),
        formula=each.formula_en,
        formula_zh=each.formula_zh,
    )
