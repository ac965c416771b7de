"""An RPC as its contract describes it."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from closeloop.common.v1 import access_pb2


@dataclass(frozen=True)
class Method:
    """`name` is how people and metrics call it: "LeadService/AcceptLead"; `path` is how gRPC does."""

    path: str
    name: str
    request: type[Message]
    response: type[Message]
    access: access_pb2.Access | None

    @classmethod
    def of(cls, path: str) -> Method:
        """Look "/closeloop.leads.v1.LeadService/AcceptLead" up among the imported contracts. Raises KeyError."""
        service, _, rpc = path.lstrip("/").partition("/")
        found = descriptor_pool.Default().FindServiceByName(service).FindMethodByName(rpc)
        return cls(
            path=path,
            name=f"{service.rpartition('.')[2]}/{rpc}",
            request=GetMessageClass(found.input_type),
            response=GetMessageClass(found.output_type),
            access=_access(found),
        )


def _access(method: MethodDescriptor) -> access_pb2.Access | None:
    options = method.GetOptions()
    return options.Extensions[access_pb2.access] if options.HasExtension(access_pb2.access) else None
