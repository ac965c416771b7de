"""`verify-audit` as a nightly run sees it: its exit code and its log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from chassis import audit
from chassis.audit_roots import RootStore
from chassis.audit_sealer import AuditSealer
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.identity import Keyring, of_service
from chassis.schema import audit_row
from chassis.testing.identity import Keys
from chassis.unit_of_work import UnitOfWork

from .conftest import Start

FreshDatabase = Callable[..., Database]


@pytest.fixture
def database(service_database: FreshDatabase) -> Database:
    return service_database("notebook")


@pytest.fixture
def roots(database: Database, keys: Keys, tmp_path: Path) -> str:
    """Two changes, chained and signed."""
    with UnitOfWork(database, SystemClock(), EventCatalog(()), "notebook").begin(of_service("notebook")) as tx:
        for number in range(2):
            audit.append(tx, action="note.write", entity="note", entity_id=f"N{number}")
        tx.commit()
    keys.of("notebook")
    keyring = Keyring.load("notebook", keys.path("notebook"), keys.trust)
    sealer = AuditSealer(database, "notebook", keyring, RootStore(str(tmp_path / "roots")))
    sealer.seal_all()
    sealer.sign_root()
    return str(tmp_path / "roots")


@pytest.mark.spec("P10.1", "P5.1")
def test_a_whole_chain_is_told_and_ends_well(start: Start, database: Database, roots: str) -> None:
    code, log = start("verify-audit", CLOSELOOP_DATABASE_URL=database.url, CLOSELOOP_AUDIT_ROOTS_URL=roots).end()
    assert code == 0, log
    assert [(line["findings"], line["roots"]) for line in log if line["event"] == "audit.verified"] == [(0, 1)]


@pytest.mark.spec("P10.1", "P5.1")
def test_an_edited_row_is_named_and_fails_the_run(start: Start, database: Database, roots: str) -> None:
    with database.begin() as conn:
        conn.execute(update(audit_row).where(audit_row.c.entity_id == "N1").values(action="note.shred"))
    code, log = start("verify-audit", CLOSELOOP_DATABASE_URL=database.url, CLOSELOOP_AUDIT_ROOTS_URL=roots).end()
    assert code == 1
    assert [line["kind"] for line in log if line["event"] == "audit.tampered"] == ["edited"]
