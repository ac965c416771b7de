"""Routes come out of the contracts alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from starlette.routing import Match, Route

from chassis.config import ConfigError
from chassis.testing.contracts import Contract
from gateway.addresses import Addresses
from gateway.contracts import load, read
from gateway.openapi.document import document
from gateway.routes import routes
from gateway.settings import GatewaySettings
from gateway.template import Template


@pytest.mark.spec("P1.1")
def test_a_new_rpc_is_served_and_documented_without_code(shapes: Contract) -> None:
    found = read([shapes.pb2.DESCRIPTOR], FileDescriptorSet())
    (rpc,) = found.rpcs
    assert (rpc.verb, rpc.template.rest, rpc.context) == ("PUT", "/api/v1/shapes/{shapeId}", "shapes")
    assert (rpc.changes, rpc.takes_etag, list(rpc.access.duties)) == (True, False, ["rep"])

    made = document(found, GatewaySettings())
    validate(made, cls=OpenAPIV31SpecValidator)
    operation = made["paths"]["/api/v1/shapes/{shapeId}"]["put"]
    assert "example" in operation["requestBody"]["content"]["application/json"]
    assert made["components"]["schemas"]["shapes.PointInput"]["properties"]["next"] == {
        "$ref": "#/components/schemas/shapes.PointInput"
    }


@pytest.mark.spec("P1.1")
def test_every_comment_of_the_contracts_finds_its_element() -> None:
    contracts = load()
    assert contracts.comments["closeloop.leads.v1.LeadState.LEAD_STATE_RECYCLED"] == "Back in the public pool."
    assert contracts.comments["closeloop.common.v1.Money.fen"].startswith("In the currency's smallest unit")
    assert sum(bool(rpc.comment) for rpc in contracts.rpcs) > 20


@pytest.mark.spec("P1.1")
def test_two_rpcs_at_one_address_do_not_start(shapes: Contract) -> None:
    with pytest.raises(ConfigError, match="same address"):
        read([shapes.pb2.DESCRIPTOR, shapes.pb2.DESCRIPTOR], FileDescriptorSet())


@pytest.mark.spec("P1.1")
@pytest.mark.parametrize(
    "address", ["/a/{shape_id", "/a/{nobody}", "/a/{point}", "/a/{colours}", "/a b", "a", "/a/{shape_id=**}"]
)
def test_an_address_that_can_not_be_served_does_not_start(shapes: Contract, address: str) -> None:
    with pytest.raises(ConfigError):
        Template(address).check("ShapeService.DrawShape", shapes.pb2.DrawShapeRequest.DESCRIPTOR)


@pytest.mark.spec("P1.1")
def test_literal_addresses_go_before_those_with_variables() -> None:
    served = [route.path for route in routes(load().rpcs, door=_nobody())]
    plain, variable = "/api/v1/leads", "/api/v1/leads/{lead_id:segment}"
    assert served.index(plain) < served.index(variable)
    assert all(re.fullmatch(r"/api/v1/[a-zA-Z0-9{}:_/.-]+", path) for path in served)
    assert len(served) == len(set(served))


@pytest.mark.spec("P1.1")
def test_every_address_finds_the_route_that_trying_them_all_finds() -> None:
    table = routes(load().rpcs, door=_nobody())
    addresses = Addresses(table)
    paths = [re.sub(r"\{\w+\}", "01957f3e-7c00", route.path_format) for route in table]
    strange = [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/leads/",
        "/api/v1/leads/a:b:c",
        "/api/v1/leads//",
        "/a/b/c/d",
    ]
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        for path in [*paths, *(path + "/" for path in paths), *(path + ":nothing" for path in paths), *strange]:
            scope = {"type": "http", "method": method, "path": path, "root_path": ""}
            match, found = addresses.matches(scope)
            assert (match, found.get("endpoint"), found.get("path_params")) == _tried(table, scope), (method, path)


def _tried(table: list[Route], scope: dict[str, Any]) -> tuple[Match, Any, Any]:
    tries = [route.matches(scope) for route in table]
    for wanted in (Match.FULL, Match.PARTIAL):
        for match, found in tries:
            if match is wanted:
                return match, found["endpoint"], found["path_params"]
    return Match.NONE, None, None


def _nobody() -> Any:
    """Routes are looked at here, not served."""
    return None
