"""docs/asyncapi.yaml: the topics for partners, AsyncAPI 3, from the contracts."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import yaml
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from gateway import contracts
from gateway.openapi.schemas import Schemas
from tools.checks import contract_rules

Document = dict[str, Any]
UUID = {"type": "string", "format": "uuid"}
TEXT = {"type": "string"}
INTRO = (
    "Events of Closeloop for other systems: CloudEvents 1.0 in binary mode on Kafka, the message as proto3 JSON "
    "(64-bit numbers, money in fen among them, are text; zero values are written; ignore what you don't know).\n\n"
    "At least once, in order per key: drop what you have seen by `ce_id`. Fields and types are only ever added; a "
    "breaking change would be another topic, `….v2`. Written by `make docs` from the contracts."
)


def render() -> str:
    """As YAML."""
    head = "# Written by `make docs` from the contracts. Do not edit.\n"
    return head + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)


def document() -> Document:
    events = _events()
    schemas = Schemas(contracts.load().comments)
    messages = {_name(event): _message(event, schemas) for event in events}
    topics = sorted({event.contract.topic for event in events})
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Closeloop events",
            "version": "1.0.0",
            "description": INTRO,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "kafka:9092",
                "protocol": "kafka",
                "description": "Your broker (CLOSELOOP_KAFKA_BOOTSTRAP).",
            }
        },
        "channels": {_channel(topic): _channel_of(topic, events) for topic in topics},
        "operations": {f"send_{_channel(topic)}": _sending(topic) for topic in topics},
        "components": {"messages": messages, "schemas": _renamed(dict(sorted(schemas.components.items())))},
    }


def _events() -> list[contract_rules.Event]:
    image = FileDescriptorSet.FromString(files("closeloop").joinpath("contracts.binpb").read_bytes())
    return sorted(contract_rules.events(image), key=lambda event: (event.contract.topic, event.contract.type))


def _name(event: contract_rules.Event) -> str:
    return event.contract.type.replace(".", "_")


def _channel(topic: str) -> str:
    return topic.removeprefix("closeloop.").replace(".", "_").replace("-", "_")


def _channel_of(topic: str, events: list[contract_rules.Event]) -> Document:
    here = [_name(event) for event in events if event.contract.topic == topic]
    return {
        "address": topic,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in here},
        "bindings": {"kafka": {"topic": topic, "bindingVersion": "0.5.0"}},
    }


def _sending(topic: str) -> Document:
    return {"action": "send", "channel": {"$ref": f"#/channels/{_channel(topic)}"}}


def _message(event: contract_rules.Event, schemas: Schemas) -> Document:
    contract = event.contract
    descriptor = descriptor_pool.Default().FindMessageTypeByName(event.name)
    comment = schemas.comment(event.name)
    return {
        "name": contract.type,
        "title": re.sub(r"(?<!^)(?=[A-Z])", " ", event.name.rpartition(".")[2]).capitalize(),
        **({"summary": comment} if comment else {}),
        "contentType": "application/json",
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": _headers(contract.type),
        "payload": _renamed(schemas.answer(descriptor)),
        "bindings": {
            "kafka": {"key": {"type": "string", "description": f"`{contract.key}`"}, "bindingVersion": "0.5.0"}
        },
    }


def _headers(type: str) -> Document:
    properties = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": UUID,
        "ce_type": {"const": type},
        "ce_source": {"type": "string", "const": f"/closeloop/{type.partition('.')[0]}"},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it happened, in business time."},
        "ce_partitionkey": TEXT,
        "ce_correlationid": TEXT | {"description": "The same in everything that one cause led to."},
        "ce_causationid": TEXT | {"description": "The event that led to this one, if one did."},
        "traceparent": TEXT | {"description": "W3C trace context."},
        "content-type": {"const": "application/json"},
    }
    required = ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_partitionkey", "ce_correlationid"]
    return {"type": "object", "required": required, "properties": properties}


def _renamed(value: Any) -> Any:
    """Component names without dots, which AsyncAPI does not take."""
    if isinstance(value, list):
        return [_renamed(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        (name.replace(".", "_") if "." in name else name): (
            each.replace(".", "_") if name == "$ref" else _renamed(each)
        )
        for name, each in value.items()
    }
