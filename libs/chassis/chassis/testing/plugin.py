"""pytest plugin of the chassis: `-p chassis.testing.plugin`.

Each fixture module beside this one is registered here once it is there.
"""

from __future__ import annotations

from chassis.testing.clock import clock
from chassis.testing.identity import keyring, keys
from chassis.testing.logs import log_plainly
from chassis.testing.rpc import rpc
from chassis.testing.servers import (
    broker,
    postgres,
    redis,
    server_folder,
    service_database,
    test_databases,
)

__all__ = [
    "broker",
    "clock",
    "keyring",
    "keys",
    "postgres",
    "redis",
    "rpc",
    "server_folder",
    "service_database",
    "test_databases",
]


def pytest_configure() -> None:
    log_plainly()
