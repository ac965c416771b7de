"""Whoever can write to a database tampers with its audit rows: `closeloop verify-audit` names what was done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from chassis.audit_chain import COLUMNS, GENESIS, canonical, link
from chassis.audit_roots import RootStore
from chassis.audit_sealer import AuditSealer
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.events import EventCatalog
from chassis.identity import Keyring, of_service
from chassis.local import LocalPostgres
from chassis.migrations import migrate
from chassis.schema import audit_row, audit_seal
from chassis.unit_of_work import UnitOfWork
from closeloop_cli.runtime.keys import make_keys
from closeloop_cli.runtime.layout import Layout
from closeloop_cli.runtime.servers import Servers
from tests.faults.depot import HERE, ROOT
from tests.faults.scale import scaled

ROWS = scaled(10_000, 60)
MIDDLE, TAIL = ROWS // 2, ROWS - 5
ROW = "(SELECT row_id FROM audit_seal WHERE seq = :seq)"


def edit(conn: Connection) -> None:
    conn.execute(text(f"UPDATE audit_row SET actor = 'somebody else' WHERE id = {ROW}"), {"seq": MIDDLE})


def delete_in_the_middle(conn: Connection) -> None:
    conn.execute(text(f"DELETE FROM audit_row WHERE id = {ROW}"), {"seq": MIDDLE})
    conn.execute(text("DELETE FROM audit_seal WHERE seq = :seq"), {"seq": MIDDLE})


def cut_the_tail(conn: Connection) -> None:
    conn.execute(
        text("DELETE FROM audit_row WHERE id IN (SELECT row_id FROM audit_seal WHERE seq > :seq)"), {"seq": TAIL}
    )
    conn.execute(text("DELETE FROM audit_seal WHERE seq > :seq"), {"seq": TAIL})


def edit_and_recompute_the_chain(conn: Connection) -> None:
    """All links anew, as who knows the code would: the chain itself is whole again."""
    edit(conn)
    rows = conn.execute(
        select(audit_seal.c.seq, *COLUMNS)
        .select_from(audit_seal.join(audit_row, audit_row.c.id == audit_seal.c.row_id))
        .order_by(audit_seal.c.seq)
    ).all()
    previous, links = GENESIS, []
    for row in rows:
        links.append({"at": row.seq, "previous": previous, "hash": link(previous, canonical(row))})
        previous = links[-1]["hash"]
    conn.execute(text("UPDATE audit_seal SET previous_hash = :previous, hash = :hash WHERE seq = :at"), links)


DEEDS = {
    "leads": edit,
    "activity": delete_in_the_middle,
    "targets": cut_the_tail,
    "incentives": edit_and_recompute_the_chain,
}
WHOLE = ("forecast", "integration")


@pytest.fixture
def layout(server_folder: Path, tmp_path: Path) -> Iterator[Layout]:
    """A system on a PostgreSQL of its own; nothing else of it runs."""
    with LocalPostgres(server_folder / "audited", ephemeral=True, durable=False) as postgres:
        outside = {
            "CLOSELOOP_DATABASE_URL": postgres.url,
            "CLOSELOOP_KAFKA_BOOTSTRAP": "127.0.0.1:9",
            "CLOSELOOP_REDIS_URL": "redis://127.0.0.1:9",
            "CLOSELOOP_DATA": str(tmp_path / "data"),
        }
        found = Layout(tmp_path / "data", outside)
        make_keys(found)
        found.audit.mkdir()
        yield found


def do_audited_work(layout: Layout, service: str, url: str) -> None:
    """Changes in several transactions, sealed, with the newest link signed."""
    migrate(url, HERE / "migrations")
    database, me = Database(url), of_service(service)
    uow = UnitOfWork(database, SystemClock(), EventCatalog(()), service)
    for first in range(0, ROWS, 500):
        with uow.begin(me) as tx:
            for number in range(first, min(first + 500, ROWS)):
                tx.audit(action="crate.store", entity="crate", entity_id=f"crate-{number}", after={"pieces": number})
            tx.commit()
    keyring = Keyring.load(service, layout.keys / f"{service}.pem", layout.trust)
    sealer = AuditSealer(database, service, keyring, RootStore(layout.audit.as_uri()))
    assert sealer.seal_all() == ROWS
    assert sealer.sign_root() is not None
    database.close()


def verify_audit(layout: Layout) -> tuple[int, list[str]]:
    """Exit code and lines of the command, in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CLOSELOOP_")}
    command = [sys.executable, "-m", "closeloop_cli", "verify-audit"]
    ran = subprocess.run(
        command,
        env=env | dict(layout.outside) | {"COLUMNS": "200"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.returncode, ran.stdout.splitlines()


@pytest.mark.timeout(900)
@pytest.mark.spec("P10.1")
def test_verify_audit_names_each_way_of_tampering(layout: Layout) -> None:
    databases = Servers(layout).databases()
    for service, url in databases.items():
        do_audited_work(layout, service, url)
    assert verify_audit(layout) == (0, [f"{service}: whole" for service in databases])
    for service, deed in DEEDS.items():
        database = Database(databases[service])
        with database.begin() as conn:
            deed(conn)
        database.close()
    code, lines = verify_audit(layout)
    assert code == 1
    assert lines[: len(databases)] == [f"{name}: {'whole' if name in WHOLE else '1 findings'}" for name in databases]
    found = {line.split()[0]: line.strip() for line in lines[len(databases) :]}
    assert found["leads"] == f"leads link {MIDDLE}: edited, crate.store of crate-{MIDDLE - 1}"
    assert found["activity"] == f"activity link {MIDDLE}: deleted, links {MIDDLE} to {MIDDLE} are gone with their rows"
    assert found["targets"].startswith(
        f"targets link {TAIL + 1}: truncated, links {TAIL + 1} to {ROWS} are gone, signed"
    )
    assert found["incentives"].startswith(f"incentives link {ROWS}: rewritten, differs from the root of ")
    print(f"\n{ROWS} audit rows in each of 6 chains: 4 ways of tampering, {len(found)} named, 2 whole")
