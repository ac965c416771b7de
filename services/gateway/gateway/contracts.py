"""The RPCs that people may call, read from the contracts' descriptors at start.

A new RPC appears here by itself: its http option is its route, its access option who may, its constraints the input
rules. `internal` RPCs have no route.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module, resources
from typing import Any

from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, FileDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.config import ConfigError
from closeloop.common.v1 import access_pb2
from gateway.comments import comments_of
from gateway.shapes import descriptor_of
from gateway.template import Template

IMAGE = "contracts.binpb"
REQUEST_ID = "request_id"
ETAG = "etag"
_VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Rpc:
    """One RPC with its REST shape. `context` names the service that answers; `body` is "*" or empty."""

    context: str
    service: str
    name: str
    path: str
    verb: str
    template: Template
    body: str
    request: type[Message]
    response: type[Message]
    access: access_pb2.Access
    comment: str

    @property
    def full_name(self) -> str:
        return f"{self.service}/{self.name}"

    @property
    def group(self) -> str:
        """What an API key opens: "leads.CaptureService"."""
        return f"{self.context}.{self.service}"

    @property
    def takes(self) -> Descriptor:
        return descriptor_of(self.request)

    @property
    def gives(self) -> Descriptor:
        return descriptor_of(self.response)

    @property
    def changes(self) -> bool:
        return REQUEST_ID in self.takes.fields_by_name

    @property
    def takes_etag(self) -> bool:
        return ETAG in self.takes.fields_by_name


@dataclass(frozen=True)
class Contracts:
    """All routes, and what the comments of the contracts say by full name of the element."""

    rpcs: tuple[Rpc, ...]
    comments: dict[str, str]


def load() -> Contracts:
    """From the installed contracts package. Raises ConfigError for a contract the gateway can't serve."""
    image = FileDescriptorSet.FromString(resources.files("closeloop").joinpath(IMAGE).read_bytes())
    own = [each.name for each in image.file if each.name.startswith("closeloop/")]
    return read([_imported(name) for name in own], image)


def read(files: Iterable[FileDescriptor], image: FileDescriptorSet) -> Contracts:
    """Raises ConfigError when two RPCs share an address or an option can't be served."""
    comments = comments_of(image)
    rpcs = tuple(rpc for file in files for rpc in _rpcs(file, comments))
    _refuse_doubles(rpcs)
    return Contracts(rpcs, comments)


def _imported(name: str) -> FileDescriptor:
    module = import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    descriptor: FileDescriptor = module.DESCRIPTOR
    return descriptor


def _rpcs(file: FileDescriptor, comments: dict[str, str]) -> Iterator[Rpc]:
    for service in file.services_by_name.values():
        for method in service.methods:
            found = _rpc(file, method, comments)
            if found is not None:
                yield found


def _rpc(file: FileDescriptor, method: MethodDescriptor, comments: dict[str, str]) -> Rpc | None:
    options = method.GetOptions()
    service = method.containing_service
    name = f"{service.full_name}.{method.name}"
    if not options.HasExtension(access_pb2.access):
        raise ConfigError(f"{name} declares no access option.")
    access = options.Extensions[access_pb2.access]
    if access.internal:
        return None
    if not options.HasExtension(annotations_pb2.http):
        raise ConfigError(f"{name} has neither an http option nor the mark internal.")
    verb, template, body = _http(name, options.Extensions[annotations_pb2.http])
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    template.check(name, descriptor_of(request))
    return Rpc(
        context=file.package.split(".")[1],
        service=service.name,
        name=method.name,
        path=f"/{service.full_name}/{method.name}",
        verb=verb,
        template=template,
        body=body,
        request=request,
        response=response,
        access=access,
        comment=comments.get(name, ""),
    )


def _http(name: str, rule: Any) -> tuple[str, Template, str]:
    verb = rule.WhichOneof("pattern")
    if verb not in _VERBS or rule.additional_bindings or rule.response_body or rule.body not in ("", "*"):
        raise ConfigError(f"{name}: the gateway serves one binding with body “*” or none, and whole answers.")
    return str(verb).upper(), Template(getattr(rule, verb)), rule.body


def _refuse_doubles(rpcs: Iterable[Rpc]) -> None:
    seen: dict[tuple[str, str], Rpc] = {}
    for rpc in rpcs:
        key = (rpc.verb, rpc.template.shape)
        if key in seen:
            raise ConfigError(f"{rpc.full_name} and {seen[key].full_name} have the same address {rpc.template.text}.")
        seen[key] = rpc
