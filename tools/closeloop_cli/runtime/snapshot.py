"""The company right after its history was loaded, kept so that a day can be played again at once.

A snapshot is a template database per service and the folders that belong to it. It is good only for the
company and the schema it was made with.
"""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from closeloop_cli.runtime.layout import ROOT, SERVICES, CannotRun, Layout
from closeloop_cli.runtime.servers import Servers

# What decides whether a loaded company looks the same.
INPUTS = (
    "services/*/migrations/**/*.py",
    "services/*/*/tables.py",
    "services/*/*/tables/*.py",
    "services/incentives/examples/**/*.json",
    "libs/chassis/chassis/schema.py",
    "tools/closeloop_cli/company/*.py",
    "tools/closeloop_cli/load/*.py",
)


def fingerprint() -> str:
    return digest_of(*INPUTS)


def digest_of(*patterns: str) -> str:
    """Over names and contents of the files of this repository that match."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def kept_name(service: str) -> str:
    return f"{service}_loaded"


def take(layout: Layout, servers: Servers) -> None:
    """No program may run meanwhile: a template must have no visitors. What is there afterwards is as restored."""
    shutil.rmtree(layout.snapshot, ignore_errors=True)
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        list(pool.map(partial(take_database, servers), SERVICES))
    for folder in folders(layout):
        shutil.copytree(folder, layout.snapshot / folder.name)
    (layout.snapshot / "fingerprint").write_text(fingerprint())


def take_database(servers: Servers, service: str) -> None:
    forget_sent_events(servers, service)
    source, kept = identifiers(service)
    servers.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(kept),
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(kept, source),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(kept),
    )


def is_good(layout: Layout, servers: Servers) -> bool:
    mark = layout.snapshot / "fingerprint"
    if not mark.exists() or mark.read_text() != fingerprint():
        return False
    return all(servers.has_database(kept_name(service)) for service in SERVICES)


def restore(layout: Layout, servers: Servers) -> None:
    """No program may run meanwhile. Raises CannotRun when there is no good snapshot."""
    if not is_good(layout, servers):
        raise CannotRun("there is no snapshot of this company")
    with ThreadPoolExecutor(len(SERVICES)) as pool:  # they share the server's checkpoints, which take most of the time
        list(pool.map(partial(restore_database, servers), SERVICES))
    for folder in folders(layout):
        replace(layout.snapshot / folder.name, folder)


def restore_database(servers: Servers, service: str) -> None:
    clear(servers, service)
    name, kept = identifiers(service)
    servers.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(name, name, kept),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
    )


def start_empty(layout: Layout, servers: Servers) -> None:
    """Before any history: no database, no file, the systems as the seed wrote them."""
    for service in SERVICES:
        clear(servers, service)
    for folder in (layout.files, layout.audit):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    replace(layout.company / "systems", layout.systems)


def folders(layout: Layout) -> tuple[Path, ...]:
    """What belongs to the databases: files they name, roots that pin their audit chains, the systems they read."""
    return layout.files, layout.audit, layout.systems


def forget_sent_events(servers: Servers, database: str) -> None:
    """They were consumed everywhere, else the system would not have been at rest. Kept, they would be sent again to
    the empty broker that a restored company starts with."""
    address = urlsplit(servers.postgres.url)._replace(path=f"/{database}").geturl()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("TRUNCATE outbox_sent")


def clear(servers: Servers, service: str) -> None:
    servers.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(service)))


def identifiers(service: str) -> tuple[sql.Identifier, sql.Identifier]:
    """Of the live database and of the kept one."""
    return sql.Identifier(service), sql.Identifier(kept_name(service))


def replace(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
