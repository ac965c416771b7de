from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from chassis.database import Database
from chassis.local import LocalPostgres, create_service_database
from chassis.local.databases import drop_service_database
from chassis.migrations import check, downgrade, migrate

ENV = """
    from chassis.migrations import run_env
    from sqlalchemy import Column, Integer, MetaData, Table
    metadata = MetaData()
    Table("bench", metadata, Column("id", Integer, primary_key=True))
    run_env(metadata)
"""
INITIAL = """
    import sqlalchemy as sa
    from alembic import op
    from chassis.schema import create_v1
    revision, down_revision = "0001", None
    def upgrade():
        create_v1(op)
        op.create_table("bench", sa.Column("id", sa.Integer, primary_key=True))
    def downgrade():
        op.drop_table("bench")
"""
SECOND = """
    from alembic import op
    revision, down_revision = "0002", "0001"
    def upgrade():
        op.execute("ALTER TABLE bench ADD COLUMN half text")
        {last}
    def downgrade():
        op.execute("ALTER TABLE bench DROP COLUMN half")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "versions").mkdir()
    write(tmp_path / "env.py", ENV)
    write(tmp_path / "versions" / "0001_initial.py", INITIAL)
    return tmp_path


@pytest.fixture
def url(postgres: LocalPostgres) -> str:
    drop_service_database(postgres, "migrated")
    return create_service_database(postgres, "migrated", role="workshop")


def write(path: Path, code: str) -> None:
    path.write_text(dedent(code))


def columns(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'bench'")
        return {str(name) for (name,) in found}


@pytest.mark.spec("P3.1")
def test_replicas_that_migrate_at_once_take_turns(url: str, folder: Path) -> None:
    script = "import sys; from chassis.migrations import migrate; migrate(*sys.argv[1:])"
    command = [sys.executable, "-c", script, url, str(folder)]
    replicas = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    assert [(each.communicate(timeout=60)[1], each.returncode) for each in replicas] == [(b"", 0)] * 2
    assert columns(url) == {"id"}
    check(url, folder)


def test_a_migration_that_fails_leaves_nothing(url: str, folder: Path) -> None:
    migrate(url, folder)
    write(folder / "versions" / "0002_half.py", SECOND.format(last='op.execute("SELECT 1 / 0")'))
    with pytest.raises(Exception, match="division by zero"):
        migrate(url, folder)
    assert columns(url) == {"id"}
    write(folder / "versions" / "0002_half.py", SECOND.format(last="pass"))
    migrate(url, folder)
    assert columns(url) == {"id", "half"}
    downgrade(url, folder, "0001")
    assert columns(url) == {"id"}


def test_a_table_that_differs_from_the_code_is_found(url: str, folder: Path) -> None:
    migrate(url, folder)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE bench ADD COLUMN stray int")
    with pytest.raises(CommandError, match="stray"):
        check(url, folder)


def test_a_migration_gives_up_on_a_table_that_stays_locked(url: str, folder: Path) -> None:
    migrate(url, folder)
    write(folder / "versions" / "0002_half.py", SECOND.format(last="pass"))
    with psycopg.connect(url) as busy:
        busy.execute("SELECT * FROM bench")
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate(url, folder, lock_seconds=0.2)
    assert columns(url) == {"id"}


def test_the_chassis_tables_of_a_service_are_those_of_the_code(
    service_database: Callable[..., Database], folder: Path
) -> None:
    database = service_database("workshop", folder)
    check(database.url, folder)
    with database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM outbox")) == 0
