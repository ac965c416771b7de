"""Who may talk to whom: the rendered policies, read as a cluster would (P5.1)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.deploy.rendering import (
    EXAMPLES,
    ROOT,
    WITH_DATABASE,
    Resource,
    container,
    of_kind,
    plain_env,
    pods,
    render,
    secret_env,
    selects,
    service_of,
)

pytestmark = pytest.mark.spec("P5.1", "P9.1")
ELSEWHERE: Resource = {"metadata": {"labels": {"app": "somebody"}}}
# What the Secrets of the examples point to.
SERVERS = {"CLOSELOOP_DATABASE_URL": 5432, "CLOSELOOP_REDIS_URL": 6379}


def rules(resources: tuple[Resource, ...], pod: Resource, direction: str) -> Iterator[Resource]:
    for policy in of_kind(resources, "NetworkPolicy"):
        if selects(policy["spec"]["podSelector"]["matchLabels"], pod):
            yield from policy["spec"].get(direction, [])


def opens(rule: Resource, port: int | str, protocol: str = "TCP") -> bool:
    return {"port": port, "protocol": protocol} in rule["ports"]


def reaches_port(resources: tuple[Resource, ...], pod: Resource, port: int, protocol: str = "TCP") -> bool:
    """Outside of the release, that is: to anywhere, or to named addresses."""
    return any(
        opens(rule, port, protocol) and not any("podSelector" in peer for peer in rule.get("to", []))
        for rule in rules(resources, pod, "egress")
    )


def may_call(resources: tuple[Resource, ...], caller: Resource, callee: Resource) -> bool:
    out = any(
        opens(rule, 7000) and any(selects(peer["podSelector"]["matchLabels"], callee) for peer in rule.get("to", []))
        for rule in rules(resources, caller, "egress")
    )
    return out and lets_in(resources, caller, callee)


def lets_in(resources: tuple[Resource, ...], caller: Resource, callee: Resource) -> bool:
    return any(
        opens(rule, "grpc")
        and any(
            selects(peer.get("podSelector", {}).get("matchLabels", {"no": "body"}), caller) for peer in rule["from"]
        )
        for rule in rules(resources, callee, "ingress")
    )


def addressed(value: str) -> list[int]:
    """Ports of a setting that is an address: a URL or host:port,host:port."""
    if re.fullmatch(r"https?://.+", value):
        url = urlsplit(value)
        return [url.port or {"http": 80, "https": 443}[url.scheme]]
    if re.fullmatch(r"([\w.-]+:\d+)(,[\w.-]+:\d+)*", value):
        return [int(each.rpartition(":")[2]) for each in value.split(",")]
    return []


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_server_that_the_settings_name_can_be_reached(example: str) -> None:
    resources, asked = render(example), set()
    ours = {"CLOSELOOP_PEERS", "CLOSELOOP_PUBLIC_URL"}
    for owner, pod in pods(resources):
        env = plain_env(pod)
        wanted = {name: addressed(value) for name, value in env.items() if name not in ours}
        wanted |= {name: [6380 if name.endswith("REDIS_URL") and example != "small" else port]
                   for name, port in SERVERS.items() if name in secret_env(pod)}  # fmt: skip
        if env["CLOSELOOP_FILES_URL"].startswith("s3://") and "AWS_ENDPOINT_URL" not in env:
            wanted["CLOSELOOP_FILES_URL"] = [443]
        if "CLOSELOOP_SMTP_PORT" in env:
            wanted["CLOSELOOP_SMTP_PORT"] = [int(env["CLOSELOOP_SMTP_PORT"])]
        for name, ports in wanted.items():
            asked |= {name} if ports else set()
            assert all(reaches_port(resources, pod, port) for port in ports), f"{owner} can't reach {name}"
        assert reaches_port(resources, pod, 53, "UDP"), "names"
    assert {"CLOSELOOP_DATABASE_URL", "CLOSELOOP_REDIS_URL", "CLOSELOOP_KAFKA_BOOTSTRAP"} <= asked
    if example == "medium":
        assert {"CLOSELOOP_BANK_URL", "CLOSELOOP_SMTP_PORT", "CLOSELOOP_OTLP_ENDPOINT", "AWS_ENDPOINT_URL"} <= asked


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_pod_reaches_no_port_that_nobody_named(example: str) -> None:
    for owner, pod in pods(render(example)):
        open_ports = {each["port"] for rule in rules(render(example), pod, "egress") for each in rule["ports"]}
        assert not open_ports & {22, 3306, 8443 if example != "large" else 0, 10250}, owner
    leads = next(pod for owner, pod in pods(render("medium")) if owner.endswith("leads-serve"))
    assert not reaches_port(render("medium"), leads, 587), "mail is integration's"


def calls_in_the_code() -> set[tuple[str, str]]:
    """(caller, callee) of every `runtime.channel("callee")`, and the gateway's, who speaks to all."""
    found = {("gateway", callee) for callee in WITH_DATABASE}
    for service in WITH_DATABASE:
        for file in Path(ROOT, "services", service, service).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "channel":
                    (callee, *_) = node.args
                    assert isinstance(callee, ast.Constant)
                    found.add((service, str(callee.value)))
    return found


@pytest.mark.parametrize("example", EXAMPLES)
def test_services_call_whom_their_code_calls_and_nobody_else(example: str) -> None:
    resources = render(example)
    allowed = {
        (service_of(caller), service_of(callee))
        for _, caller in pods(resources)
        for _, callee in pods(resources)
        if may_call(resources, caller, callee)
    }
    assert allowed == calls_in_the_code()


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_stranger_gets_nowhere_but_to_the_gateway(example: str) -> None:
    resources = render(example)
    for _, pod in pods(resources):
        assert not lets_in(resources, ELSEWHERE, pod)
        http = [rule for rule in rules(resources, pod, "ingress") if opens(rule, "http")]
        assert bool(http) == (service_of(pod) == "gateway")
        side = [rule for rule in rules(resources, pod, "ingress") if opens(rule, "side")]
        monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
        assert [rule["from"] for rule in side] == [[monitoring]]


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_no_policy_allows_is_denied(example: str) -> None:
    resources = render(example)
    (deny,) = [each for each in of_kind(resources, "NetworkPolicy") if not each["spec"].keys() & {"ingress", "egress"}]
    assert deny["spec"]["policyTypes"] == ["Ingress", "Egress"]
    for _, pod in pods(resources):
        assert selects(deny["spec"]["podSelector"]["matchLabels"], pod)


def test_the_named_ports_of_the_policies_are_ports_of_the_pods() -> None:
    resources = render("medium")
    for owner, pod in pods(resources):
        if "ports" in container(pod):
            own = {each["name"] for each in container(pod)["ports"]}
            assert own <= {"grpc", "http", "side"}, owner
            if "grpc" in own:
                assert any(opens(rule, "grpc") for rule in rules(resources, pod, "ingress"))


def test_the_way_to_the_database_can_be_narrowed() -> None:
    _, pod = next(pods(render("medium")))
    (rule,) = [each for each in rules(render("medium"), pod, "egress") if opens(each, 5432)]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.1.0.0/24"}}]
