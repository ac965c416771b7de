"""The API of Kubernetes as schemas, offline: its own from a package of PyPI, resources of operators from Go modules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry
from referencing import Resource as Document

from tools.tiers import go_tools

# The oldest that the chart allows and can be checked well, one between, the newest.
VERSIONS = ("1.31.0", "1.34.0", "1.37.0")
OPERATORS = {
    "gateway.networking.k8s.io/v1": (
        "sigs.k8s.io/gateway-api",
        "config/crd/standard/gateway.networking.k8s.io_{plural}.yaml",
    ),
    "monitoring.coreos.com/v1": (
        "github.com/prometheus-operator/prometheus-operator",
        "example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml",
    ),
}


def violations(resource: dict[str, Any], version: str) -> list[str]:
    """What the API server of that version would not take, unknown fields included."""
    found = _validator(resource["apiVersion"], resource["kind"], version).iter_errors(resource)
    return [f"{'.'.join(map(str, each.path))}: {each.message}" for each in found]


@cache
def _validator(api_version: str, kind: str, version: str) -> Draft202012Validator:
    if api_version in OPERATORS:
        return Draft202012Validator(_operator_schema(api_version, kind))
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    group, _, number = api_version.rpartition("/")
    file = "-".join(filter(None, [kind.lower(), group.split(".")[0], number]))
    schema = schema_contents(f"{folder}/{file}.json", version)
    return Draft202012Validator(schema, registry=_definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    contents = schema_contents(f"kubernetes-json-schema/v{version}-local-strict/_definitions.json", version)
    documents = [("_definitions.json", contents), (contents.get("$id", "_definitions.json"), contents)]
    registry: Registry[Any] = Registry()
    return registry.with_resources([(name, Document.from_contents(each)) for name, each in documents])


def _operator_schema(api_version: str, kind: str) -> dict[str, Any]:
    module, pattern = OPERATORS[api_version]
    file = Path(go_tools.module("crds", module)) / pattern.format(plural=f"{kind.lower()}s")
    definition = yaml.safe_load(file.read_text())
    wanted = api_version.rpartition("/")[2]
    (schema,) = [each["schema"]["openAPIV3Schema"] for each in definition["spec"]["versions"] if each["name"] == wanted]
    for part in _objects(schema):
        part.setdefault("additionalProperties", False)
    # The server knows the rest of it.
    schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
    return dict(schema)


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part that names its fields and wants no others."""
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            yield schema
        for each in schema.values():
            yield from _objects(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _objects(each)
