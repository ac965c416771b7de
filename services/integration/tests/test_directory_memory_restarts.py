"""Memory of the directory when its database goes, comes back, and comes back without its last change."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chassis.local import LocalPostgres, create_service_database, temporary_folder
from chassis.local.ports import free_port
from chassis.migrations import migrate
from integration.bootstrap import MIGRATIONS
from services.integration.tests.remembering import remembering, status, until

HIRE = "INSERT INTO employee (employee_id, version, name, status) VALUES ('E00001', 1, '李娜', 'active')"
FREEZE = "UPDATE employee SET status = 'frozen'"
DISMISS = "UPDATE employee SET status = 'departed'"


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder("closeloop-memory-") as made:
        yield made


def write(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(statement.encode())


@pytest.mark.spec("N3.1", "LD4.1")
def test_memory_outlives_its_database_by_less_than_a_change_takes(folder: Path) -> None:
    with LocalPostgres(folder / "one", free_port(), durable=False) as server:
        url = create_service_database(server, "integration")
        migrate(url, MIGRATIONS)
        write(url, HIRE)
        with remembering(url) as memory:
            until(lambda: status(memory) == "active")
            server.stop()
            subprocess.run(["cp", "-a", folder / "one" / "data", folder / "standby"], check=True)
            until(lambda: status(memory) is None)

            server.start()
            write(url, DISMISS)
            assert status(memory) in (None, "departed")
            until(lambda: status(memory) == "departed")

            # The machine is lost with its last change; a standby goes on in its place, differently.
            server.stop()
            until(lambda: status(memory) is None)
            shutil.rmtree(folder / "one" / "data")
            (folder / "standby").rename(folder / "one" / "data")
            server.start()
            until(lambda: status(memory) == "active")
            write(url, FREEZE)
            until(lambda: status(memory) == "frozen")
