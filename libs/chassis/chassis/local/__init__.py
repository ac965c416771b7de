"""PostgreSQL, a Redis-protocol server and a Kafka-protocol broker from pip-installed binaries.

Guarantee: they listen on 127.0.0.1 only, run without root (as root: as `nobody`), and a guarded server stops
when the process that started it is gone, however it went. Development and tests only.
"""

import os
from pathlib import Path

from chassis.local.broker import LocalBroker
from chassis.local.databases import create_service_database
from chassis.local.folder import temporary_folder
from chassis.local.kafka import LocalKafka
from chassis.local.postgres import LocalPostgres
from chassis.local.process import PortBusy, ServerFailed
from chassis.local.redis import LocalRedis


def local_broker(folder: Path | str, port: int | None = None, **how: bool) -> LocalBroker:
    """The embedded broker, or with CLOSELOOP_BROKER=kafka the real one. `how`: `detached`, `ephemeral`."""
    chosen = LocalKafka if os.environ.get("CLOSELOOP_BROKER") == "kafka" else LocalBroker
    return chosen(folder, port, **how)


__all__ = [
    "LocalBroker",
    "LocalKafka",
    "LocalPostgres",
    "LocalRedis",
    "PortBusy",
    "ServerFailed",
    "create_service_database",
    "local_broker",
    "temporary_folder",
]
