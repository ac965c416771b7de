from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.events import Incoming
from chassis.service import Runtime, Service
from chassis.testing.events import recorded_events
from chassis.testing.identity import Keys, as_service
from integration import connectors as known
from integration.bootstrap import CATALOG, POLICIES, wire
from integration.feeds.connector import Connector
from integration.feeds.policy import FeedRule
from integration.jobs import App
from integration.settings import IntegrationSettings
from integration.tables import feed, feed_run
from services.integration.tests.world import Bank, HttpSource, employee

# Retries without waiting, and a breaker that is out of the way unless a test means it.
QUICK = {"backoff_seconds": 0, "backoff_cap_seconds": 0, "timeout_seconds": 2, "breaker_failures": 1000}


@dataclass
class World:
    """Integration on its own fresh database, with its three sources."""

    service: Service
    clock: FixedClock
    hr: HttpSource
    erp: HttpSource
    bank: HttpSource
    vault: Bank
    connectors: dict[str, Connector]

    def run(self, name: str) -> Any:
        """Runs a feed; the row of its run."""
        app: App = self.service.app
        return self.row(feed_run, id=app.runner.run(name))

    def feed(self, name: str) -> Any:
        return self.row(feed, feed=name)

    def row(self, table: Table, **key: object) -> Any:
        return self.rows(table, **key)[0]

    def rows(self, table: Table, **key: object) -> Sequence[Any]:
        query = select(table).filter_by(**key).order_by(*table.primary_key.columns)
        with self.service.uow.read(as_service("integration")) as tx:
            return tx.execute(query).all()

    def put(self, table: Table, *rows: dict[str, Any]) -> None:
        with self.service.uow.begin(as_service("integration")) as tx:
            tx.execute(insert(table), list(rows))
            tx.commit()

    def policy(self, name: str) -> Any:
        return self.service.runtime.policies.current(name)[1]

    def events(self, type_: str = "") -> list[Incoming]:
        with self.service.uow.database.connect() as connection:
            return [each for each in recorded_events(connection, CATALOG) if not type_ or each.type == type_]

    def hire(self, *people: dict[str, Any], as_of: str = "2026-03-10T02:00:00Z") -> None:
        """HR answers with these people, and the feed is run."""
        self.hr.routes["/units"] = lambda _: {
            "units": [{"path": "/HQ/EAST/HZ1/", "name": "杭州一部", "managerId": "E00100"}]
        }
        told = {"asOf": as_of, "cursor": "1", "nextPage": None, "employees": list(people)}
        self.hr.routes["/employees/full"] = lambda _: told
        self.hr.routes["/employees/delta"] = lambda _: told
        assert self.run("hr").outcome == "ok"

    def owe(self, *receivables: dict[str, Any]) -> None:
        """The ERP answers with these receivables, and the feed is run."""
        self.erp.routes["/odata/Receivables"] = odata("Receivables", self.erp, receivables)
        assert self.run("erp_receivables").outcome == "ok"

    def sell(self, *orders: dict[str, Any]) -> Any:
        self.erp.routes["/odata/SalesOrders"] = odata("SalesOrders", self.erp, orders)
        return self.run("erp_orders")


def odata(name: str, source: HttpSource, rows: Sequence[dict[str, Any]]) -> Callable[[dict[str, str]], Any]:
    return lambda _: {"value": list(rows), "@odata.deltaLink": f"{source.url}/odata/{name}?$deltatoken=1"}


@pytest.fixture
def sources() -> Iterator[tuple[HttpSource, HttpSource, HttpSource]]:
    started = (HttpSource().start(), HttpSource().start(), HttpSource().start())
    yield started
    for each in started:
        each.stop()


@pytest.fixture
def world(
    service_database: Callable[[str], Database],
    clock: FixedClock,
    keys: Keys,
    sources: tuple[HttpSource, HttpSource, HttpSource],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    hr, erp, bank = sources
    for name, value in {
        "HR_URL": hr.url, "HR_KEY": "hr-key", "ERP_URL": erp.url, "ERP_KEY": "erp-key",
        "BANK_URL": bank.url, "BANK_KEY": "bank-key", "BANK_ACCOUNTS": "6222",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"CLOSELOOP_{name}", value)
    settings = IntegrationSettings(
        mode=Mode.LOCAL,
        files_url=str(tmp_path),
        wecom_token="token",
        wecom_corp_id="wwcorp",
        wecom_aes_key="A" * 43,
        dingtalk_token="dtoken",
        dingtalk_app_key="dingapp",
        dingtalk_aes_key="D" * 43,
    )
    runtime = Runtime(
        "integration", settings, CATALOG, POLICIES, clock=clock, database=service_database("integration"),
        keyring=keys.of("integration"),
    )  # fmt: skip
    connectors = known.every(lambda name: runtime.policies.current(name)[1])
    for each in connectors.values():
        each.rule = FeedRule(**(each.rule.model_dump() | QUICK))  # type: ignore[misc]
    vault = Bank()
    bank.routes.update(vault.routes())
    yield World(wire(runtime, settings, connectors), clock, hr, erp, bank, vault, connectors)
    runtime.policies.close()
    runtime.close()


@pytest.fixture
def staffed(world: World) -> World:
    """A rep, a manager, an operations manager and a finance clerk."""
    world.hire(
        employee("E00001"),
        employee("E00002", orgPath="/HQ/EAST/HZ2/", managerId="E00200"),
        employee("E00100", position="team_manager", managerId="E00300"),
        employee("E00700", position="sales_ops", orgPath="/HQ/", managerId=None),
        employee("E00800", position="finance_clerk", orgPath="/HQ/", managerId=None),
    )
    return world
