"""Apache Kafka, one node in KRaft mode, from jars that were fetched before (`make kafka`)."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from chassis.local.broker import LocalBroker
from chassis.local.ports import free_port
from chassis.local.process import ServerFailed

JARS = "CLOSELOOP_KAFKA_JARS"
_JAVA = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# ApiVersions, version 0, correlation 1, no client id; first the length.
_WHICH_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)


class LocalKafka(LocalBroker):
    """Keeps what it acknowledged, in its folder: after a stop, or a kill -9, it goes on where it was."""

    profile = "kafka"
    stop_signal = signal.SIGTERM
    start_seconds = 90.0
    # For a broker that is to know users from its first start: --add-scram …
    format_options: ClassVar[tuple[str, ...]] = ()

    def initialise(self) -> None:
        if not shutil.which("java"):
            raise ServerFailed("Apache Kafka needs Java 17 or newer: install a JRE, or unset CLOSELOOP_BROKER")
        if not os.environ.get(JARS):
            raise ServerFailed(f"{JARS} is not set: run `make kafka`, it fetches Apache Kafka and names the folder")

    def command(self, port: int) -> list[str]:
        settings = self.folder / "server.properties"
        settings.write_text(self._settings(port, free_port()))
        self._format(settings)
        return [*self._java(), "kafka.Kafka", str(settings)]

    def ready(self, port: int) -> bool:
        """It listens long before it serves: asked for the versions it speaks, it answers when it does."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as wire:
            wire.sendall(_WHICH_VERSIONS)
            return bool(wire.recv(4))
        return False

    def _format(self, settings: Path) -> None:
        data = self.folder / "data"
        if (data / "meta.properties").exists():
            return
        form = ["kafka.tools.StorageTool", "format", "-t", uuid4().hex[:22], "-c", str(settings), *self.format_options]
        done = subprocess.run([*self._java(), *form], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerFailed(f"Apache Kafka can't make its folder: {(done.stderr or done.stdout).strip()[-400:]}")
        for each in (data, *data.rglob("*")):
            self.account.own(each)

    def _java(self) -> list[str]:
        jars = self.account.reachable(Path(os.environ[JARS]), self.folder)
        return ["java", *_JAVA, "-cp", f"{jars}/*"]

    def _settings(self, port: int, controller: int) -> str:
        values = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": "1",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())
