"""The six services on their own databases, each behind its real gRPC server; leads asks the real directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, delete

import activity.bootstrap
import activity.tables
import forecast.bootstrap
import forecast.policies
import forecast.tables
import incentives.bootstrap
import incentives.tables
import integration.bootstrap
import integration.tables
import leads.bootstrap
import leads.tables
import targets.bootstrap
import targets.tables
from activity.settings import ActivitySettings
from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.files import FileStore
from chassis.identity import Identity
from chassis.rpc.client import Channel
from chassis.rpc.server import Server
from chassis.service import Runtime, Service
from chassis.testing.clock import TUESDAY_AT_TEN
from chassis.testing.databases import TestDatabases
from chassis.testing.identity import Keys
from chassis.testing.rpc import channel_to, rpc_server
from forecast.settings import ForecastSettings
from incentives.settings import IncentivesSettings
from integration.settings import IntegrationSettings
from leads.settings import LeadsSettings
from targets.settings import TargetsSettings

from .roles import OWNERS, Owner
from .rows import RECORDS, Ids
from .rows_table import Rows

CONTENT = b"date,region,category,sku,units,amount\n2026-01-02,EAST,US,U1,2,10.00\n"
FILE_ID = sha256(CONTENT).hexdigest()
PAGE = b"%PDF-1.7\n"
PAGE_ID = sha256(PAGE).hexdigest()
# Nothing is ever taken out of these, and the database sees to it.
APPEND_ONLY = {"ledger_entry"}
TABLES: dict[str, MetaData] = {
    "activity": activity.tables.metadata,
    "forecast": forecast.tables.metadata,
    "incentives": incentives.tables.metadata,
    "integration": integration.tables.metadata,
    "leads": leads.tables.metadata,
    "targets": targets.tables.metadata,
}
_WIRED: dict[str, tuple[Any, Any, Any]] = {
    "activity": (activity.bootstrap, ActivitySettings, activity.bootstrap.SPECS),
    "forecast": (forecast.bootstrap, ForecastSettings, forecast.policies.SPECS),
    "incentives": (incentives.bootstrap, IncentivesSettings, incentives.bootstrap.SPECS),
    "integration": (integration.bootstrap, IntegrationSettings, integration.bootstrap.POLICIES),
    "targets": (targets.bootstrap, TargetsSettings, ()),
}


class Company:
    """Services start when they are first asked for."""

    def __init__(self, databases: TestDatabases, keys: Keys, folder: Path, stack: ExitStack) -> None:
        self.keys = keys
        self._databases = databases
        self._stack = stack
        self._files = f"file://{folder}"
        self._servers: dict[str, Server] = {}
        self._services: dict[str, Service] = {}
        self._own: dict[str, Database] = {}
        self._channels: dict[tuple[str, str], Channel] = {}
        FileStore(self._files).put(BytesIO(CONTENT), "sales.csv", 1 << 20)
        FileStore(self._files).put(BytesIO(PAGE), "page.pdf", 1 << 20)

    def server(self, context: str) -> Server:
        if context not in self._servers:
            server = rpc_server(self.service(context), self.keys, name=context)
            self._servers[context] = self._stack.enter_context(server)
        return self._servers[context]

    def service(self, context: str) -> Service:
        if context not in self._services:
            self._services[context] = self._service(context)
            self._stack.callback(self._services[context].runtime.close)
        return self._services[context]

    def channel(self, context: str, identity: Identity) -> Channel:
        key = context, identity.subject
        if key not in self._channels:
            made = channel_to(self.server(context), self.keys, identity)
            self._channels[key] = self._stack.enter_context(made)
        return self._channels[key]

    def database(self, context: str) -> Database:
        self.server(context)
        return self._own[context]

    def fresh_records(self, context: str) -> dict[Owner, Ids]:
        """Nothing but one record of each kind for every owner."""
        self.server(context)
        if context == "leads":
            self._put("integration")  # whoever gives a lead to a rep asks the directory
        return self._put(context)

    def _put(self, context: str) -> dict[Owner, Ids]:
        with self._own[context].begin() as connection:
            for table in reversed(TABLES[context].sorted_tables):
                if table.name not in APPEND_ONLY:
                    connection.execute(delete(table))
            rows = Rows(connection, TABLES[context])
            return {owner: RECORDS[context](rows, owner) for owner in OWNERS}

    def _service(self, context: str) -> Service:
        database = self._own[context] = self._databases.fresh(context)
        parts = {"clock": FixedClock(TUESDAY_AT_TEN), "database": database, "keyring": self.keys.of(context)}
        if context == "leads":
            peers = {"integration": f"127.0.0.1:{self.server('integration').port}"}
            settings = LeadsSettings(mode=Mode.LOCAL, files_url=self._files, peers=peers)
            return leads.bootstrap.build(settings, **parts)
        bootstrap, settings_class, policies = _WIRED[context]
        settings = settings_class(mode=Mode.LOCAL, files_url=self._files)
        runtime = Runtime(context, settings, bootstrap.CATALOG, policies, **parts)
        wire: Callable[..., Service] = bootstrap.wire
        return wire(runtime, settings) if context in ("incentives", "integration") else wire(runtime)


@contextmanager
def company(databases: TestDatabases, keys: Keys, folder: Path) -> Iterator[Company]:
    with ExitStack() as stack:
        yield Company(databases, keys, folder, stack)
