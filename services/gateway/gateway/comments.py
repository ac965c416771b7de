"""What the authors of the contracts wrote above services, RPCs, messages, fields and enum values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet

# Field numbers of descriptor.proto: where each kind of element stands in a source path.
_MESSAGE, _ENUM, _SERVICE = 4, 5, 6
_FIELD, _NESTED, _NESTED_ENUM = 2, 3, 4
_METHOD = _VALUE = 2


def comments_of(image: FileDescriptorSet) -> dict[str, str]:
    """Full name → comment, on one line per paragraph. Elements without one are absent."""
    found: dict[str, str] = {}
    for file in image.file:
        texts = {tuple(each.path): each.leading_comments for each in file.source_code_info.location}
        for path, name in _names(file):
            if texts.get(path, "").strip():
                found[name] = " ".join(texts[path].split())
    return found


def _names(file: FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    package = file.package
    for index, message in enumerate(file.message_type):
        yield from _of_message(message, (_MESSAGE, index), package)
    yield from _of_enums(file.enum_type, (_ENUM,), package)
    for index, service in enumerate(file.service):
        yield from _named(service, (_SERVICE, index), package, service.method, _METHOD)


def _of_message(message: DescriptorProto, path: tuple[int, ...], scope: str) -> Iterator[tuple[tuple[int, ...], str]]:
    yield from _named(message, path, scope, message.field, _FIELD)
    for index, nested in enumerate(message.nested_type):
        yield from _of_message(nested, (*path, _NESTED, index), f"{scope}.{message.name}")
    yield from _of_enums(message.enum_type, (*path, _NESTED_ENUM), f"{scope}.{message.name}")


def _of_enums(
    enums: Sequence[EnumDescriptorProto], path: tuple[int, ...], scope: str
) -> Iterator[tuple[tuple[int, ...], str]]:
    for index, enum in enumerate(enums):
        yield from _named(enum, (*path, index), scope, enum.value, _VALUE)


def _named(
    element: Any, path: tuple[int, ...], scope: str, members: Sequence[Any], kind: int
) -> Iterator[tuple[tuple[int, ...], str]]:
    name = f"{scope}.{element.name}"
    yield path, name
    for index, member in enumerate(members):
        yield (*path, kind, index), f"{name}.{member.name}"
