"""House rules of the contracts that `buf lint` has no words for. Each finding is one line, naming the place.

`python -m tools.checks.contract_rules` looks at the contracts as they are installed.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from buf.validate import validate_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2 as pb

from closeloop.common.v1 import access_pb2, event_pb2
from gateway.template import SHAPE, Template

# Constraints that keep "abc:grade" from being swallowed by GET /leads/{lead_id}.
SHAPES = {"uuid", "pattern", "const", "in"}
DUTIES = {
    "rep", "manager", "director", "hq", "hq_partner", "finance", "finance_supervisor", "hr", "ops", "auditor", "cio",
    "partner",
}  # fmt: skip
SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration", "gateway")


@dataclass(frozen=True)
class Rpc:
    name: str
    method: pb.MethodDescriptorProto
    request: pb.DescriptorProto | None

    @property
    def access(self) -> access_pb2.Access:
        return self.method.options.Extensions[access_pb2.access]

    @property
    def http(self) -> http_pb2.HttpRule | None:
        if not self.method.options.HasExtension(annotations_pb2.http):
            return None
        return self.method.options.Extensions[annotations_pb2.http]

    @property
    def changes(self) -> bool:
        read = self.http is not None and self.http.WhichOneof("pattern") == "get"
        return not (read or self.access.read_only or self.access.internal)

    def field(self, path: str) -> pb.FieldDescriptorProto | None:
        fields = self.request.field if self.request else []
        return next((field for field in fields if field.name == path), None)


@dataclass(frozen=True)
class Event:
    name: str
    message: pb.DescriptorProto
    contract: event_pb2.EventContract


def ours(image: pb.FileDescriptorSet) -> list[pb.FileDescriptorProto]:
    return [file for file in image.file if file.package.startswith("closeloop.")]


def rpcs(image: pb.FileDescriptorSet) -> list[Rpc]:
    messages = {f".{file.package}.{message.name}": message for file in ours(image) for message in file.message_type}
    return [
        Rpc(f"{file.package}.{service.name}/{method.name}", method, messages.get(method.input_type))
        for file in ours(image)
        for service in file.service
        for method in service.method
    ]


def events(image: pb.FileDescriptorSet) -> list[Event]:
    return [
        Event(f"{file.package}.{message.name}", message, message.options.Extensions[event_pb2.event])
        for file in ours(image)
        for message in file.message_type
        if message.options.HasExtension(event_pb2.event)
    ]


def findings(image: pb.FileDescriptorSet) -> list[str]:
    """Everything wrong with the contracts themselves; empty when they are well."""
    every = rpcs(image)
    found = [finding for rpc in every for finding in check_rpc(rpc)]
    found += list(_shared_shapes(every)) + list(_shared_routes(every))
    for event in events(image):
        found += check_event(event)
    return found + list(_unmarked_events(image)) + list(_shared_types(events(image)))


def check_rpc(rpc: Rpc) -> list[str]:
    if not rpc.method.options.HasExtension(access_pb2.access):
        return [f"{rpc.name}: no access option"]
    found = []
    if rpc.access.internal == (rpc.http is not None):
        found.append(f"{rpc.name}: an RPC has an http option or is internal, one of the two")
    if not rpc.access.internal and rpc.access.scope == access_pb2.SCOPE_UNSPECIFIED:
        found.append(f"{rpc.name}: no scope")
    found += [f"{rpc.name}: unknown duty {duty}" for duty in rpc.access.duties if duty not in DUTIES]
    resource = rpc.access.resource
    if resource and not rpc.field(resource):
        found.append(f"{rpc.name}: resource {resource} is not a field of the request")
    return [*found, *_request_id(rpc), *_path_fields(rpc)]


def _request_id(rpc: Rpc) -> Iterator[str]:
    field = rpc.field("request_id")
    is_string = field is not None and field.type == pb.FieldDescriptorProto.TYPE_STRING
    if rpc.changes and not is_string:
        yield f"{rpc.name}: changes something and has no string request_id"
    if field is not None and not rpc.changes and not rpc.access.internal:
        yield f"{rpc.name}: has a request_id and changes nothing"


def _path_fields(rpc: Rpc) -> Iterator[str]:
    if rpc.http and not Template(_route(rpc)[1]).can_be_served:
        yield f"{rpc.name}: the gateway can't serve {_route(rpc)[1]}. {SHAPE}"
    for name in re.findall(r"{(\w+)}", _route(rpc)[1]):
        field = rpc.field(name)
        if field is None:
            yield f"{rpc.name}: path field {name} is not in the request"
        elif field.type == pb.FieldDescriptorProto.TYPE_STRING and not _has_shape(field):
            yield f"{rpc.name}: path field {name} takes any text; give it a uuid or pattern rule"


def _has_shape(field: pb.FieldDescriptorProto) -> bool:
    rules = field.options.Extensions[validate_pb2.field]
    return any(descriptor.name in SHAPES for descriptor, _ in rules.string.ListFields())


def _route(rpc: Rpc) -> tuple[str, str]:
    if rpc.http is None:
        return "", ""
    verb = rpc.http.WhichOneof("pattern") or ""
    return verb, str(getattr(rpc.http, verb)) if verb else ""


def _shared_shapes(every: list[Rpc]) -> Iterator[str]:
    used = Counter(name for rpc in every for name in (rpc.method.input_type, rpc.method.output_type))
    yield from (f"{name}: used by {count} RPCs; each has its own" for name, count in used.items() if count > 1)


def _shared_routes(every: list[Rpc]) -> Iterator[str]:
    routes = Counter((verb, re.sub(r"{\w+}", "{}", path)) for verb, path in map(_route, every) if verb)
    yield from (f"{verb} {path}: {count} RPCs answer it" for (verb, path), count in routes.items() if count > 1)


def check_event(event: Event) -> list[str]:
    context = event.name.split(".")[1]
    found = []
    if not re.fullmatch(r"[a-z]+\.[a-z_]+", event.contract.type):
        found.append(f"{event.name}: type {event.contract.type!r} is not <subject>.<what_happened>")
    if not re.fullmatch(rf"closeloop\.{context}\.[a-z_]+\.v\d+", event.contract.topic):
        found.append(f"{event.name}: topic {event.contract.topic!r} is not closeloop.{context}.<aggregate>.v<n>")
    if event.contract.key not in {field.name for field in event.message.field}:
        found.append(f"{event.name}: key {event.contract.key!r} is not a field of the message")
    return found


def _unmarked_events(image: pb.FileDescriptorSet) -> Iterator[str]:
    """A message of events.proto is an event or a part of one."""
    marked = {event.name for event in events(image)}
    for file in (file for file in ours(image) if file.name.endswith("/events.proto")):
        parts = {field.type_name for message in file.message_type for field in message.field}
        for message in file.message_type:
            name = f"{file.package}.{message.name}"
            if name not in marked and f".{name}" not in parts:
                yield f"{name}: in events.proto without the event option"


def _shared_types(every: list[Event]) -> Iterator[str]:
    types = Counter(event.contract.type for event in every)
    yield from (f"{name}: published by {count} messages" for name, count in types.items() if count > 1)


def unmatched(every: Iterable[Event], consumed: dict[str, set[str]]) -> list[str]:
    """Consumed types that nobody publishes, and published types that nobody consumes and that are not external.

    `consumed` holds, by service, the types of its consumer table.
    """
    published = {event.contract.type: event.contract for event in every}
    found = [
        f"{service} consumes {name}, which no contract publishes"
        for service, names in consumed.items()
        for name in sorted(names - published.keys())
    ]
    wanted = set().union(*consumed.values())
    for name, contract in published.items():
        if name not in wanted and not contract.external:
            found.append(f"{name} has no consumer and is not external")
        if name in wanted and contract.external:
            found.append(f"{name} is external and has a consumer")
    return found


def installed() -> pb.FileDescriptorSet:
    """The descriptors of every contract."""
    return pb.FileDescriptorSet.FromString(files("closeloop").joinpath("contracts.binpb").read_bytes())


def main() -> int:
    found = findings(installed())
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
