"""The OpenAPI document says what the door does."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from gateway.contracts import load
from gateway.errors import TABLE
from gateway.openapi import examples

from .conftest import Door
from .neighbours import LEAD

CONTRACTS = load()


@pytest.fixture(scope="module")
def document(the_door: Door) -> dict[str, Any]:
    found: dict[str, Any] = the_door.client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, op) for path, ops in document["paths"].items() for verb, op in ops.items()]


def validator(document: dict[str, Any], schema: dict[str, Any]) -> OAS31Validator:
    """References begin at the document's root, so its components stand beside the schema."""
    return OAS31Validator({**schema, "components": document["components"]})


def content(operation: dict[str, Any], status: str = "200") -> Any:
    return operation["responses"][status]["content"]["application/json"]


@pytest.mark.spec("P1.1")
def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    validate(document, cls=OpenAPIV31SpecValidator)
    ids = [op["operationId"] for _, _, op in operations(document)]
    assert len(ids) == len(set(ids))


@pytest.mark.spec("P1.1")
def test_every_operation_names_its_refusals_duties_and_an_example(document: dict[str, Any]) -> None:
    for path, verb, op in operations(document):
        if "x-rpc" not in op:
            continue
        assert {"400", "401", "403", "429", "500", "503", "504"} <= set(op["responses"]), path
        assert ("409" in op["responses"]) == (verb == "post"), path
        assert "Duties:" in op["description"]
        assert op["responses"]["200"]["content"]["application/json"]["example"] is not None
        assert (
            "example"
            in op.get("requestBody", {"content": {"application/json": {"example": 1}}})["content"]["application/json"]
        )


@pytest.mark.spec("P1.5")
def test_every_row_of_the_table_is_a_documented_refusal(document: dict[str, Any]) -> None:
    for row in TABLE:
        shown = document["components"]["responses"][f"Refused{row.status}"]["content"]["application/problem+json"]
        assert (row.reason or row.code) in shown["examples"]


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize("rpc", [rpc for rpc in CONTRACTS.rpcs if rpc.body], ids=lambda rpc: rpc.full_name)
def test_the_example_of_a_body_fits_its_schema(document: dict[str, Any], rpc: Any) -> None:
    body = document["paths"][rpc.template.rest][rpc.verb.lower()]["requestBody"]["content"]["application/json"]
    assert body["example"] == examples.body(rpc)
    validator(document, body["schema"]).validate(body["example"])


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize("rpc", CONTRACTS.rpcs, ids=lambda rpc: rpc.full_name)
def test_the_example_of_an_answer_fits_its_schema(document: dict[str, Any], rpc: Any) -> None:
    answer = content(document["paths"][rpc.template.rest][rpc.verb.lower()])
    validator(document, answer["schema"]).validate(answer["example"])


@pytest.mark.spec("P1.1")
def test_real_answers_and_refusals_fit_the_document(document: dict[str, Any], rep: httpx.Client) -> None:
    real = rep.get(f"/api/v1/leads/{LEAD}").json()
    answer = content(document["paths"]["/api/v1/leads/{leadId}"]["get"])
    validator(document, answer["schema"]).validate(real)

    refused = rep.get("/api/v1/leads/x").json()
    validator(document, {"$ref": "#/components/schemas/Problem"}).validate(refused)


@pytest.mark.spec("P1.1")
def test_parameters_tell_nested_names_rules_and_comments(document: dict[str, Any]) -> None:
    listed = {p["name"]: p for p in document["paths"]["/api/v1/leads"]["get"]["parameters"] if "name" in p}
    assert listed["page.size"]["schema"] | {"minimum": 0, "maximum": 200} == listed["page.size"]["schema"]
    assert "LEAD_STATE_NEW" in listed["states"]["schema"]["items"]["enum"]
    assert "phone number" in listed["text"]["description"]
    accept = document["paths"]["/api/v1/leads/{leadId}:accept"]["post"]["parameters"]
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in accept
    assert {"$ref": "#/components/parameters/IfMatch"} in accept


@pytest.mark.spec("P1.6")
def test_long_numbers_are_text_and_zero_values_required_in_answers(document: dict[str, Any]) -> None:
    money = document["components"]["schemas"]["common.Money"]
    assert money["properties"]["fen"]["type"] == "string"
    assert money["properties"]["fen"]["format"] == "int64"
    assert set(money["required"]) == {"fen", "currency"}
    assert "required" not in document["components"]["schemas"]["common.MoneyInput"]


@pytest.mark.spec("P1.1")
def test_the_docs_page_needs_nothing_from_elsewhere(door: Door) -> None:
    page = door.client.get("/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    assert all(each.startswith("/") for each in links)
    for each in links:
        assert door.client.get(each).status_code == 200, each
    assert "'unsafe-inline'" in page.headers["content-security-policy"]
