"""One message → one HTTP answer: camelCase, zero values written, 64 bits as text, etag, wanted fields only."""

from __future__ import annotations

import re
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from pydantic_core import to_json

from gateway.contracts import ETAG
from gateway.selection import Selection
from gateway.shapes import descriptor_of, holder

_SENDABLE = re.compile(r"[\x21\x23-\x7e]+")


def encode(message: Message, selection: Selection | None = None) -> bytes:
    content = content_of(message)
    return dump(selection.of(content) if selection else content)


def content_of(message: Message) -> dict[str, Any]:
    """Fields with presence are written when they are set, all others always."""
    found: dict[str, Any] = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    return found


def dump(content: Any) -> bytes:
    # Ten times as fast as the standard library, and big lists are what people wait for.
    return to_json(content)


def etag_of(message: Message) -> str:
    """The version of the one object an answer holds, quoted for the header; empty for lists and the like."""
    single: Any = message
    if not has_etag(descriptor_of(message)):
        held = [field for field in descriptor_of(message).fields if field.message_type is not None]
        if len(held) != 1 or held[0].is_repeated or not has_etag(holder(held[0])):
            return ""
        single = getattr(message, held[0].name)
    value = str(single.etag)
    return f'"{value}"' if _SENDABLE.fullmatch(value) else ""


def has_etag(message: Descriptor) -> bool:
    return ETAG in message.fields_by_name
