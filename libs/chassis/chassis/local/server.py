"""What the three local servers have in common: a folder, a port, an account, start and stop."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from chassis.local.account import Account
from chassis.local.ports import free_port
from chassis.local.process import (
    PortBusy,
    ServerFailed,
    ServerPlan,
    ServerProcess,
    answers,
    detached_port,
    stop_detached,
)


class LocalServer(ABC):
    """One server in one folder.

    `detached` leaves it running after this process; a later `start` finds it again and a later `stop` ends it.
    `ephemeral` removes the folder when the server stops or its owner dies.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[int] = signal.SIGINT
    start_seconds: ClassVar[float] = 20.0

    def __init__(
        self, folder: Path | str, port: int | None = None, *, detached: bool = False, ephemeral: bool = False
    ) -> None:
        self.folder = Path(folder).absolute()
        self.account = Account.current()
        self._asked_port = port
        self._detached = detached
        self._ephemeral = ephemeral and not detached
        self._process: ServerProcess | None = None
        self._found_port: int | None = None

    @property
    def port(self) -> int:
        if self._process is not None:
            return self._process.plan.port
        if self._found_port is None:
            raise ServerFailed(f"{self.name} is not running")
        return self._found_port

    @property
    def process(self) -> ServerProcess:
        if self._process is None:
            raise ServerFailed(f"{self.name} was not started by this process")
        return self._process

    def start(self) -> Self:
        self._found_port = detached_port(self._pid_file) if self._detached else None
        if self._found_port is not None:
            return self
        self._prepare_folder()
        port = self._asked_port or free_port()
        if answers(port):
            raise PortBusy(f"port {port} for {self.name} is in use by another process; choose another port")
        self._run(port)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
        elif self._detached:
            stop_detached(self._pid_file, self.stop_signal)
        self._process = self._found_port = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.account.own(self.folder)
        if not self.account.reaches(self.folder):
            raise ServerFailed(f"{self.folder} must be reachable by the user nobody: choose a folder outside {_home()}")
        self.initialise()

    def _run(self, port: int) -> None:
        plan = ServerPlan(
            name=self.name,
            argv=self.command(port),
            folder=self.folder,
            port=port,
            env=self.environment(),
            stop_signal=self.stop_signal,
            ephemeral=self._ephemeral,
        )
        start = ServerProcess.detached if self._detached else ServerProcess.guarded
        process = start(plan, self.account)
        process.wait_ready(lambda: self.ready(port), self.start_seconds)
        self._process = process

    def initialise(self) -> None:  # noqa: B027 - most servers need nothing
        """Make what the first start needs."""

    def environment(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def command(self, port: int) -> list[str]: ...

    def ready(self, port: int) -> bool:
        return answers(port)


def _home() -> Path:
    return Path.home()
