"""deploy/helm/closeloop/values.schema.json: its frame stands beside this file, what services may be told is read from
their settings, so that a misspelt or impossible setting is refused before anything is installed (P5.1)."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from chassis.bus import BusSettings
from chassis.config import Settings

FRAME = Path(__file__).with_name("values.schema.frame.json")
SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration", "gateway")
# The chart says these itself, from values of their own or because of where a pod runs.
BY_THE_CHART = frozenset({
    "MODE", "HOST", "GRPC_PORT", "SIDE_PORT", "GATEWAY_PORT", "DRAIN", "SIGNING_KEY", "TRUST", "PEERS", "DATABASE_URL",
    "REDIS_URL", "FILES_URL", "AUDIT_ROOTS_URL", "OTLP_ENDPOINT", "TRACE_RATIO", "LOG_LEVEL", "MIGRATE_AT_START",
    "KAFKA_BOOTSTRAP", "KAFKA_PROFILE", "KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME",
    "KAFKA_SASL_PASSWORD", "KAFKA_SSL_CAFILE", "KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE",
    "KAFKA_PARTITIONS", "KAFKA_REPLICATION",
})  # fmt: skip
LOCAL_ONLY = frozenset({"CLOCK_FILE", "SIMULATED_SOURCES"})
FOR_PRODUCTION = {"SIGN_IN": {"enum": ["oidc", "none"]}}


def render() -> str:
    schema = json.loads(FRAME.read_text(encoding="utf-8"))
    for service in SERVICES:
        known = settings_of(service)
        schema["definitions"][f"{service}Settings"] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: kind for name, kind in known.items() if not kind.get("writeOnly")},
        }
        schema["definitions"][f"{service}Secrets"] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: {"$ref": "#/definitions/secretKey"} for name in known},
        }
        schema["definitions"][service] = _service(service)
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _service(service: str) -> dict[str, Any]:
    properties = {
        "settings": f"{service}Settings",
        "secretSettings": f"{service}Secrets",
        "roles": "gatewayRoles" if service == "gateway" else "roles",
        "serviceAccount": "serviceAccount",
    }
    if service != "gateway":
        properties["database"] = "databaseOfService"
    references = {name: {"$ref": f"#/definitions/{target}"} for name, target in properties.items()}
    return {"type": "object", "additionalProperties": False, "properties": references}


def settings_of(service: str) -> dict[str, dict[str, Any]]:
    """What may be said in the values: name without prefix → JSON schema. Secrets are marked writeOnly."""
    found = {name: kind for each in classes_of(service) for name, kind in _fields(each)}
    return {name: found[name] for name in sorted(found) if name not in BY_THE_CHART | LOCAL_ONLY}


def every_setting(service: str) -> set[str]:
    """Whole names of all variables that the service reads."""
    return {f"CLOSELOOP_{name}" for each in classes_of(service) for name, _ in _fields(each)}


def classes_of(service: str) -> list[type[BaseSettings]]:
    package = importlib.import_module(service)
    for module in pkgutil.walk_packages(package.__path__, prefix=f"{service}."):
        if module.name.rpartition(".")[2] != "__main__":
            importlib.import_module(module.name)
    return [BusSettings, *(each for each in _heirs(Settings) if each.__module__.split(".")[0] == service)]


def _heirs(kind: type[Settings]) -> Iterator[type[Settings]]:
    for heir in kind.__subclasses__():
        yield heir
        yield from _heirs(heir)


def _fields(settings: type[BaseSettings]) -> Iterator[tuple[str, dict[str, Any]]]:
    prefix = str(settings.model_config.get("env_prefix", "")).removeprefix("CLOSELOOP_")
    schema = settings.model_json_schema()
    for name, kind in schema["properties"].items():
        variable = f"{prefix}{name}".upper()
        yield variable, FOR_PRODUCTION.get(variable) or _as_written(kind, schema.get("$defs", {}))


def _as_written(kind: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Lists and maps are one text in the environment; of "a value or none" only the value can be written."""
    if "anyOf" in kind:
        kind = next(each for each in kind["anyOf"] if each.get("type") != "null")
    if "$ref" in kind:
        kind = definitions[kind["$ref"].rpartition("/")[2]]
    if kind.get("type") in ("array", "object"):
        return {"type": "string"}
    told = ("type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "writeOnly")
    return {key: kind[key] for key in told if key in kind}
