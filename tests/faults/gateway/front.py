"""A real gateway over HTTP before the six real services, each with one record of every kind for every owner."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

import integration.tables
from chassis.bus import Bus, BusSettings
from chassis.config import Mode
from chassis.local import LocalBroker, LocalRedis
from chassis.testing.identity import Keys
from gateway.bootstrap import Gateway
from gateway.server import DoorServer, listen
from gateway.settings import GatewaySettings
from tests.access.company import Company
from tests.access.roles import ROLES, Owner
from tests.access.rows_table import Rows
from tests.faults.programs import wait_for

CONTEXTS = ("leads", "activity", "targets", "incentives", "forecast", "integration")
# Holds every duty, so that no door stays closed.
EVERYTHING = next(each.owner for each in ROLES if each.name == "hq")
DUTIES = ("rep", "manager", "director", "hq", "hq_partner", "finance", "ops", "auditor", "cio")


@dataclass(frozen=True)
class Front:
    """`ids` are those of the caller's own records, by the names that requests use."""

    url: str
    ids: Mapping[str, str]

    def sign_in(self) -> str:
        """The token of a new session."""
        told = httpx.post(f"{self.url}/api/v1/session", json={"employeeId": EVERYTHING.id}, timeout=20, trust_env=False)
        return str(told.raise_for_status().json()["token"])


@contextmanager
def front(company: Company, keys: Keys, broker: LocalBroker, redis: LocalRedis, folder: Path) -> Iterator[Front]:
    ids = _records(company)
    settings = {
        "mode": Mode.LOCAL,
        "signing_key": keys.path("gateway"),
        "trust": keys.trust,
        "files_url": str(folder),
        "kafka_bootstrap": broker.bootstrap,
        "redis_url": redis.url,
        "peers": {context: f"127.0.0.1:{company.server(context).port}" for context in CONTEXTS},
        "drain": 3,
        # On a busy machine a late answer says nothing about the doors.
        "request_timeout": 60,
        "rate_per_person": "1000000/minute",
        "rate_of_sign_in": "1000000/minute",
        "rate_of_callbacks": "1000000/minute",
    }
    with _serving(Gateway(GatewaySettings(**settings), Bus(BusSettings.embedded(broker.bootstrap)))) as url:
        yield Front(url, ids)


def _records(company: Company) -> dict[str, str]:
    made: dict[str, str] = {}
    for context in CONTEXTS:
        made |= company.fresh_records(context)[EVERYTHING]
    _grant_everything(company, EVERYTHING)
    return made


def _grant_everything(company: Company, owner: Owner) -> None:
    with company.database("integration").begin() as connection:
        rows = Rows(connection, integration.tables.metadata)
        for duty in set(DUTIES) - {"auditor"}:
            rows.put("duty_grant", employee_id=owner.id, duty=duty, granted_by="E00100", reason="全部")


@contextmanager
def _serving(gateway: Gateway) -> Iterator[str]:
    door = listen("127.0.0.1", 0)
    server = DoorServer(gateway.app, gateway.settings, gateway.begin_drain)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([door])))
    thread.start()
    try:
        wait_for(lambda: server.started, what="the door")
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)
