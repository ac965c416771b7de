"""DefinitionService: decode, call, encode."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.integration.v1 import definition_service_pb2 as pb
from closeloop.integration.v1 import definition_service_pb2_grpc as pb_grpc
from integration.definitions.policy import DefinitionsPolicy
from integration.definitions.read_definitions import get_definition, list_definitions
from integration.mapping import definitions as mapping

Context = grpc.ServicerContext
# The policy's version beside its settings.
Registry = Callable[[], tuple[int, DefinitionsPolicy]]


class DefinitionService(Servicer, pb_grpc.DefinitionServiceServicer):
    def __init__(self, uow: UnitOfWork, registry: Registry) -> None:
        super().__init__(uow)
        self._registry = registry

    def ListDefinitions(self, request: pb.ListDefinitionsRequest, context: Context) -> pb.ListDefinitionsResponse:
        version, policy = self._registry()

        def query(tx: Transaction) -> pb.ListDefinitionsResponse:
            found = [mapping.definition(each, policy) for each in list_definitions(tx, policy, request.concept)]
            return pb.ListDefinitionsResponse(definitions=found, policy_version=version)

        return self.read(request, query)

    def GetDefinition(self, request: pb.GetDefinitionRequest, context: Context) -> pb.GetDefinitionResponse:
        _, policy = self._registry()

        def query(tx: Transaction) -> pb.GetDefinitionResponse:
            found = get_definition(tx, policy, request.metric_id)
            versions = [mapping.version(each) for each in found.definition.versions]
            return pb.GetDefinitionResponse(definition=mapping.definition(found, policy), versions=versions)

        return self.read(request, query)
