"""PostgreSQL, a Redis-protocol server and a Kafka-protocol broker from pip-installed binaries.

Guarantee: they listen on 127.0.0.1 only, run without root (as root: as `nobody`), and a guarded server stops
when the process that started it is gone, however it went. Development and tests only.
"""

from chassis.local.broker import LocalBroker
from chassis.local.databases import create_service_database
from chassis.local.folder import temporary_folder
from chassis.local.postgres import LocalPostgres
from chassis.local.process import PortBusy, ServerFailed
from chassis.local.redis import LocalRedis

__all__ = [
    "LocalBroker",
    "LocalPostgres",
    "LocalRedis",
    "PortBusy",
    "ServerFailed",
    "create_service_database",
    "temporary_folder",
]
