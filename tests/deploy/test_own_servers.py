"""Servers of one's own, as companies have them: TLS to PostgreSQL, Kafka and Redis, files in S3 (P4.2)."""

from __future__ import annotations

import asyncio
import io
import socket
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from chassis.audit_roots import RootStore, SignedRoot
from chassis.bus import BrokerAway, Bus, BusSettings, Outgoing
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.files import FileStore, FileTooLarge, NoSuchFile
from chassis.identity import Trust, write_trust
from chassis.local import LocalBroker, LocalPostgres, LocalRedis, temporary_folder
from chassis.local.databases import create_service_database, drop_service_database
from chassis.local.ports import free_port
from chassis.migrations import migrate
from gateway.rates import Rates, TooManyRequests, rate
from gateway.shared_memory import SharedMemory
from integration.feeds.pace import Pace
from tests.deploy.rendering import ROOT, plain_env, pods, render
from tests.deploy.tls_door import certificates, tls_door
from tools.tiers import go_tools

pytestmark = pytest.mark.spec("P4.2")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with temporary_folder("closeloop-own-") as made:
        yield made


@pytest.fixture(scope="module")
def ca(folder: Path) -> Path:
    return certificates(folder / "tls")


@pytest.fixture(scope="module")
def another_ca(folder: Path) -> Path:
    return certificates(folder / "strangers")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    port = free_port()
    command = [go_tools.program("s3"), "-backend", "memory", "-host", f"127.0.0.1:{port}", "-quiet"]
    server = subprocess.Popen([*command, "-initialbucket", "closeloop-files"], stderr=subprocess.DEVNULL)
    try:
        while server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


class TestPostgresWithTls:
    @pytest.fixture
    def address(self, postgres: LocalPostgres, ca: Path) -> Iterator[str]:
        url = create_service_database(postgres, "own_targets")
        with tls_door(ca.parent, postgres.port, postgres=True) as port:
            yield url.replace(f":{postgres.port}/", f":{port}/") + "?sslmode=verify-full&sslrootcert="
        drop_service_database(postgres, "own_targets")

    def test_a_service_migrates_and_reads_through_tls(self, address: str, ca: Path) -> None:
        migrate(f"{address}{ca}", ROOT / "services/targets/migrations")
        database = Database(f"{address}{ca}")
        with database.connect() as connection:
            assert connection.scalar(text("SELECT to_regclass('outbox') IS NOT NULL"))
        database.close()

    def test_a_server_with_a_strangers_certificate_is_not_believed(self, address: str, another_ca: Path) -> None:
        with pytest.raises(OperationalError, match="SSL error"):
            Database(f"{address}{another_ca}").ping()


class TestRedisWithTls:
    @pytest.fixture
    def address(self, redis: LocalRedis, ca: Path) -> Iterator[str]:
        with tls_door(ca.parent, redis.port) as port:
            yield f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={ca}"

    def test_the_gateway_counts_requests_of_all_replicas_through_tls(self, address: str) -> None:
        asyncio.run(_two_replicas_count_together(address))

    def test_integration_keeps_its_pace_through_tls(self, address: str) -> None:
        pace = Pace(address)
        pace.wait("own-servers", 1000)
        assert not pace._alone, "it counted for itself"


async def _two_replicas_count_together(address: str) -> None:
    """A replica that finds Redis slow counts for itself for a while, as on a busy machine: then they try again."""
    memories = [SharedMemory(address), SharedMemory(address)]
    doors, two = [Rates(address, memory) for memory in memories], rate("RATE", "2/minute")
    async with asyncio.timeout(60):
        for number in count():
            who = f"E{number}"
            try:
                for door in (*doors, doors[0]):
                    await door.spend("own-servers", two, who)
            except TooManyRequests:
                break
            await asyncio.sleep(0.1)
    for memory in memories:
        await memory.close()


class TestKafkaWithTls:
    @pytest.fixture
    def bootstrap(self, folder: Path, ca: Path) -> Iterator[str]:
        """The broker tells its clients to come back to the door."""
        door = free_port()

        class Advertising(LocalBroker):
            def command(self, port: int) -> list[str]:
                told = f"--advertised-listener-url=tcp://127.0.0.1:{port}"
                return [
                    each.replace(told, f"--advertised-listener-url=tcp://127.0.0.1:{door}")
                    for each in super().command(port)
                ]

        with Advertising(folder / "broker", ephemeral=True) as broker, tls_door(ca.parent, broker.port, port=door):
            yield f"127.0.0.1:{door}"

    def test_events_go_out_and_come_in_through_tls(self, bootstrap: str, ca: Path) -> None:
        bus = Bus(BusSettings.embedded(bootstrap, security_protocol="SSL", ssl_cafile=str(ca)))
        bus.ensure_topics(["closeloop.own.v1"])
        publisher, reader = bus.publisher(), None
        try:
            publisher.publish([Outgoing("closeloop.own.v1", "K1", {"ce_id": "1"}, b"{}")])
            reader = bus.tail(["closeloop.own.v1"])
            reader.seek_to_beginning()
            given_up, found = Event(), []
            while not found and not given_up.wait(0.05):
                found = [each for records in reader.poll(timeout_ms=500).values() for each in records]
            assert [(each.key, each.value) for each in found] == [(b"K1", b"{}")]
        finally:
            publisher.close()
            if reader is not None:
                reader.close()

    def test_a_broker_with_a_strangers_certificate_is_away(self, bootstrap: str, another_ca: Path) -> None:
        bus = Bus(BusSettings.embedded(bootstrap, security_protocol="SSL", ssl_cafile=str(another_ca)))
        with pytest.raises(BrokerAway):
            bus.ensure_topics(["closeloop.own.v1"])


class TestFilesInS3:
    """Against a server of the protocol, with the variables that the chart sets."""

    @pytest.fixture
    def url(self, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
        pod = next(pod for _, pod in pods(render("medium", f'files.s3.endpoint="{endpoint}"')))
        for variable, value in plain_env(pod).items():
            if variable.startswith("AWS_"):
                monkeypatch.setenv(variable, value)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        return plain_env(pod)["CLOSELOOP_FILES_URL"]

    def test_a_file_is_kept_read_and_deleted(self, url: str) -> None:
        store = FileStore(url)
        kept = store.put(io.BytesIO(b"%PDF-1.4 contract"), "合同.pdf", limit=1000)
        assert (kept.size, kept.media_type) == (17, "application/pdf")
        with store.open(kept.id) as content:
            content.seek(9)
            assert content.read() == b"contract"
        store.delete(kept.id)
        with pytest.raises(NoSuchFile):
            store.open(kept.id)

    def test_a_large_file_arrives_in_parts_and_one_too_large_leaves_nothing(self, url: str) -> None:
        store, megabytes = FileStore(url), [bytes([number]) * (1 << 20) for number in range(12)]
        kept = store.put(iter(megabytes), "export.bin", limit=12 << 20)
        with store.open(kept.id) as content:
            content.seek(-1, io.SEEK_END)
            assert content.read() == bytes([11])
        with pytest.raises(FileTooLarge):
            store.put(iter(megabytes), "export.bin", limit=(12 << 20) - 1)

    def test_a_signed_root_is_never_overwritten(self, url: str, tmp_path: Path) -> None:
        key = Ed25519PrivateKey.generate()
        write_trust(tmp_path / "trust.json", {"leads": key.public_key()})
        roots, now = RootStore(f"{url}/audit"), SystemClock().now()
        roots.keep(SignedRoot("leads", 7, b"first", now), key)
        roots.keep(SignedRoot("leads", 7, b"forged", now), key)
        assert [each.hash for each in roots.load("leads", Trust(tmp_path / "trust.json"))] == [b"first"]
