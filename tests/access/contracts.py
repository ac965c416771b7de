"""Every RPC of the contracts, internal ones too, from the descriptors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module, resources

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from closeloop.common.v1 import access_pb2

# Contents are seen by their owners, units or all; the other scopes are the same for everybody who may call.
BY_OWNER = (access_pb2.SCOPE_SELF, access_pb2.SCOPE_TEAM, access_pb2.SCOPE_BY_LEVEL)


@dataclass(frozen=True)
class Rpc:
    """`name` is "leads.LeadService/GetLead"."""

    context: str
    name: str
    path: str
    request: type[Message]
    response: type[Message]
    access: access_pb2.Access

    @property
    def fields(self) -> set[str]:
        return set(self.request.DESCRIPTOR.fields_by_name)

    @property
    def by_owner(self) -> bool:
        return self.access.scope in BY_OWNER


def every_rpc() -> list[Rpc]:
    image = FileDescriptorSet.FromString(resources.files("closeloop").joinpath("contracts.binpb").read_bytes())
    return [rpc for file in image.file if file.name.startswith("closeloop/") for rpc in _rpcs(file.name)]


def _rpcs(file: str) -> Iterator[Rpc]:
    module = import_module(file.removesuffix(".proto").replace("/", ".") + "_pb2")
    for service in module.DESCRIPTOR.services_by_name.values():
        yield from (_rpc(method) for method in service.methods)


def _rpc(method: MethodDescriptor) -> Rpc:
    service = method.containing_service
    context = service.full_name.split(".")[1]
    return Rpc(
        context,
        f"{context}.{service.name}/{method.name}",
        f"/{service.full_name}/{method.name}",
        GetMessageClass(method.input_type),
        GetMessageClass(method.output_type),
        method.GetOptions().Extensions[access_pb2.access],
    )
