"""The PolicyService that every context has, built on its own generated contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from types import ModuleType
from typing import Any

from google.protobuf import json_format

from chassis import policy_versions
from chassis.policy import PolicySpec
from chassis.policy_versions import PolicyNotFound, PolicyVersion
from chassis.rpc.server import Registration
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import UnitOfWork


def policy_servicer(
    pb2: ModuleType, pb2_grpc: ModuleType, uow: UnitOfWork, specs: Mapping[str, PolicySpec[Any]]
) -> Registration:
    """The registration of PolicyService of proto/closeloop/<context>/v1/policy_service.proto.

    `specs` by name are `Policies.specs`. Who may draft and publish says the access option of the contract.
    """
    base: type[Any] = pb2_grpc.PolicyServiceServicer
    servicer = type("PolicyService", (_PolicyService, base), {})(uow, pb2, specs)
    return pb2_grpc.add_PolicyServiceServicer_to_server, servicer


class _PolicyService(Servicer):
    def __init__(self, uow: UnitOfWork, pb2: Any, specs: Mapping[str, PolicySpec[Any]]) -> None:
        super().__init__(uow)
        self._pb2 = pb2
        self._specs = specs

    def ListPolicies(self, request: Any, context: object) -> Any:
        return self.read(
            request,
            lambda tx: self._pb2.ListPoliciesResponse(
                policies=[self._encode(policy_versions.live(tx, spec)) for spec in self._specs.values()]
            ),
        )

    def GetPolicy(self, request: Any, context: object) -> Any:
        spec = self._spec(request.name)
        wanted = request.version if request.HasField("version") else None
        return self.read(
            request,
            lambda tx: self._pb2.GetPolicyResponse(
                policy=self._encode(
                    policy_versions.live(tx, spec) if wanted is None else policy_versions.get(tx, spec, wanted)
                ),
                history=map(self._encode, policy_versions.history(tx, spec)),
            ),
        )

    def DraftPolicy(self, request: Any, context: object) -> Any:
        spec, body = self._spec(request.name), json_format.MessageToDict(request.body)
        return self.change(
            request,
            lambda tx: self._pb2.DraftPolicyResponse(
                policy=self._encode(policy_versions.draft(tx, spec, body, request.reason))
            ),
        )

    def PublishPolicy(self, request: Any, context: object) -> Any:
        spec = self._spec(request.name)
        effective = request.effective_from.ToDatetime(UTC) if request.HasField("effective_from") else None
        return self.change(
            request,
            lambda tx: self._pb2.PublishPolicyResponse(
                policy=self._encode(policy_versions.publish(tx, spec, request.version, effective))
            ),
        )

    def _spec(self, name: str) -> PolicySpec[Any]:
        try:
            return self._specs[name]
        except KeyError:
            raise PolicyNotFound(name=name) from None

    def _encode(self, version: PolicyVersion) -> Any:
        message = self._pb2.Policy(
            name=version.name,
            version=version.version,
            state=f"POLICY_STATE_{version.state.upper()}",
            author=version.author,
            publisher=version.publisher,
            reason=version.reason,
            drafted_at=version.drafted_at,
            effective_from=version.effective_at,
        )
        json_format.ParseDict(dict(version.body), message.body)
        return message
