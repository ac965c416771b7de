"""docs/events.md: every event, from the contracts and the consumer tables."""

from __future__ import annotations

from importlib.resources import files

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tools.checks import contract_rules
from tools.checks.consumers import consumed

HEAD = """# Events

CloudEvents 1.0 in binary mode on Kafka: attributes in headers (`ce_id`, `ce_type`, `ce_source`, `ce_time`,
`ce_correlationid`, `ce_causationid`, `traceparent`), the message as proto3 JSON. The record's key is the field named
here, so events of one aggregate stay in order. At least once: drop what you have seen by `ce_id`. "external" means that
no service of this repository consumes it. For machines: [asyncapi.yaml](asyncapi.yaml). Written by `make docs` from the
contracts and the consumer tables.
"""


def render() -> str:
    image = FileDescriptorSet.FromString(files("closeloop").joinpath("contracts.binpb").read_bytes())
    events = sorted(contract_rules.events(image), key=lambda event: (event.contract.topic, event.contract.type))
    tables = consumed()
    parts = [HEAD]
    for topic in dict.fromkeys(event.contract.topic for event in events):
        rows = [_row(event, tables) for event in events if event.contract.topic == topic]
        parts += [f"## `{topic}`", "", "| type | message | key | consumed by |", "| --- | --- | --- | --- |", *rows, ""]
    return "\n".join(parts)


def _row(event: contract_rules.Event, tables: dict[str, set[str]]) -> str:
    contract = event.contract
    readers = sorted(service for service, types in tables.items() if contract.type in types)
    context, message = event.name.split(".")[1], event.name.split(".")[-1]
    link = f"[{message}](../proto/closeloop/{context}/v1/events.proto)"
    return f"| `{contract.type}` | {link} | `{contract.key}` | {', '.join(readers) or 'external'} |"
