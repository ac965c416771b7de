"""Leads, integration and the gateway as processes; their spans at a collector, their figures at Prometheus."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as pb_grpc

from chassis.local import LocalBroker, LocalRedis
from chassis.local.ports import free_port
from chassis.testing.databases import TestDatabases
from chassis.testing.identity import Keys
from tests.faults.gateway.system import System
from tests.faults.programs import Program, wait_for
from tests.observability.rules import rule_files
from tools.tiers import prometheus


class Collector(pb_grpc.TraceServiceServicer):
    """Takes spans by OTLP as a collector of an installation does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[tuple[str, Any]] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(2))
        pb_grpc.add_TraceServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def Export(self, request: Any, context: object) -> Any:
        with self._lock:
            for resource in request.resource_spans:
                service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
                self._spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]
        return pb.ExportTraceServiceResponse()

    def of(self, trace_id: str) -> list[tuple[str, Any]]:
        """Service and span, in the order in which they began."""
        with self._lock:
            found = [each for each in self._spans if each[1].trace_id.hex() == trace_id]
        return sorted(found, key=lambda each: each[1].start_time_unix_nano)

    def stop(self) -> None:
        self._server.stop(None)


class Watched(System):
    """Everything is traced, and leads knows where integration is."""

    collector: Collector

    @property
    def programs(self) -> dict[str, Program]:
        return self.services | {"gateway": self.replicas[0].program}

    def _environment(self, issuer: str) -> dict[str, str]:
        known = {name: each.grpc_port for name, each in self.services.items()}
        return super()._environment(issuer) | {
            "CLOSELOOP_OTLP_ENDPOINT": f"http://127.0.0.1:{self.collector.port}",
            "CLOSELOOP_TRACE_RATIO": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "CLOSELOOP_PEERS": ",".join(f"{name}=127.0.0.1:{port}" for name, port in known.items()),
        }


@pytest.fixture(scope="package")
def broker(server_folder: Path) -> Iterator[LocalBroker]:
    with LocalBroker(server_folder / "observed-broker", ephemeral=True) as server:
        yield server


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.stop()


@pytest.fixture(scope="package")
def watched(
    test_databases: TestDatabases,
    keys: Keys,
    broker: LocalBroker,
    redis: LocalRedis,
    collector: Collector,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Watched]:
    databases = {name: test_databases.fresh(name) for name in ("integration", "leads")}
    made = Watched(tmp_path_factory.mktemp("watched"), keys, databases, broker, redis.url)
    made.collector = collector
    try:
        for name in databases:
            made.start_service(name)
        made.start_gateway()
        made.wait_until_ready()
        yield made
    finally:
        made.end()
        for database in databases.values():
            test_databases.drop(database)


class Prometheus:
    """The real one, scraping every second; ends with the tests."""

    def __init__(self, folder: Path, watched: Watched) -> None:
        self._port = free_port()
        config = folder / "prometheus.yaml"
        config.write_text(yaml.safe_dump(_config(watched)))
        listen, data = f"--web.listen-address=127.0.0.1:{self._port}", f"--storage.tsdb.path={folder / 'data'}"
        command = [str(prometheus.program("prometheus")), f"--config.file={config}", listen, data]
        with (folder / "prometheus.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)

    def ask(self, query: str) -> list[dict[str, Any]]:
        answer = self._get("query", query=query)
        assert answer["status"] == "success", answer
        return list(answer["data"]["result"])

    def healthy_targets(self) -> set[str]:
        try:
            targets = self._get("targets")["data"]["activeTargets"]
        except httpx.HTTPError:  # not listening yet, or still reading its own log: 503
            return set()
        return {each["labels"]["service"] for each in targets if each["health"] == "up"}

    def broken_rules(self) -> list[str]:
        groups = self._get("rules")["data"]["groups"]
        return [rule["name"] for group in groups for rule in group["rules"] if rule["health"] == "err"]

    def _get(self, what: str, **query: str) -> Any:
        url = f"http://127.0.0.1:{self._port}/api/v1/{what}"
        answer = httpx.get(url, params=query, timeout=20, trust_env=False, verify=False)
        return answer.raise_for_status().json()


def _config(watched: Watched) -> dict[str, Any]:
    targets = [
        {"targets": [f"127.0.0.1:{program.side_port}"], "labels": {"service": name, "role": "all"}}
        for name, program in watched.programs.items()
    ]
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    scrape = {"job_name": "closeloop", "static_configs": targets}
    return {"global": every, "rule_files": [str(each) for each in rule_files()], "scrape_configs": [scrape]}


@pytest.fixture(scope="package")
def scraping(watched: Watched, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    made = Prometheus(tmp_path_factory.mktemp("prometheus"), watched)
    try:
        wait_for(lambda: made.healthy_targets() == set(watched.programs), 60, "a scrape of every process")
        yield made
    finally:
        made.process.terminate()
        made.process.wait(20)
