"""The document for partners says what the services really send."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from chassis.events import EventCatalog, envelope
from chassis.kernel.ids import new_id
from tools.pages.asyncapi import document

CONTEXTS = ("leads", "activity", "targets", "incentives", "forecast", "integration")
DOCUMENT = document()


def catalog() -> EventCatalog:
    return EventCatalog.of(*(import_module(f"closeloop.{context}.v1.events_pb2") for context in CONTEXTS))


def messages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]
    return {message["name"]: message for message in found.values()}


def check(schema: dict[str, Any], value: object) -> None:
    """Raises ValidationError. References of the document are resolved in it."""
    Draft202012Validator(schema | {"components": DOCUMENT["components"]}).validate(value)


@pytest.mark.spec("P3.2")
def test_every_event_of_the_contracts_has_its_channel_and_no_other_is_told_of() -> None:
    told = {
        (channel["address"], DOCUMENT["components"]["messages"][name]["name"])
        for channel in DOCUMENT["channels"].values()
        for name in channel["messages"]
    }
    assert told == {(each.topic, each.type) for each in catalog()}


@pytest.mark.spec("P3.2")
@pytest.mark.parametrize("type", sorted(each.type for each in catalog()))
def test_what_a_service_writes_fits_the_document(type: str) -> None:
    events = catalog()
    contract = events.of_type(type)
    message = contract.message()
    setattr(message, contract.key, "K1")

    check(messages()[type]["payload"], json.loads(events.encode(message).data))


@pytest.mark.spec("P3.2")
def test_headers_are_as_told_and_a_wrong_one_is_found() -> None:
    headers = envelope(
        event_id=new_id(),
        type="leads.assigned",
        source="/closeloop/leads",
        time=datetime.now(UTC),
        key="L1",
        causation_id="",
        correlation_id="C1",
    )
    told = messages()["leads.assigned"]["headers"]
    check(told, headers)
    with pytest.raises(ValidationError):
        check(told, headers | {"ce_type": "leads.captured"})


@pytest.mark.spec("P3.2")
def test_a_message_without_its_key_does_not_fit() -> None:
    with pytest.raises(ValidationError, match="leadId"):
        check(messages()["leads.assigned"]["payload"], {})
