"""A process as a container would run it: the image's interpreter, an environment of its own, no rights."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from chassis.local.account import Account
from chassis.local.ports import free_port

PATIENCE = 120.0


class Container:
    def __init__(self, image: Path, arguments: list[str], env: Mapping[str, str]) -> None:
        self._argv = [str(image / "bin/python"), "-m", *arguments]
        self._port = free_port()
        self._env = {**env, "CLOSELOOP_SIDE_PORT": str(self._port), "PYTHONSAFEPATH": "1"}
        self._log = Path(env["TMPDIR"]) / f"{'-'.join(arguments)}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Container:
        account = Account.current()
        rights: dict[str, Any] = {}
        if account.uid is not None:
            rights = {"user": account.uid, "group": account.gid, "extra_groups": []}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._argv, env=self._env, cwd="/", stdout=log, stderr=log, **rights)
        return self

    def finish(self) -> None:
        """Runs to its end, which must be a good one."""
        self.start()
        assert self._running().wait(PATIENCE) == 0, self.said()

    def wait_until_ready(self) -> None:
        give_up = time.monotonic() + PATIENCE
        while (why := self._not_ready()) and time.monotonic() < give_up:
            assert self._running().poll() is None, self.said()
            time.sleep(0.1)
        assert why == [], f"{self._argv[2:]} is not ready: {why}\n{self.said()}"

    def terminate(self) -> None:
        self._running().terminate()
        assert self._running().wait(60) == 0, self.said()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def _not_ready(self) -> list[str]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._port}/readyz", timeout=10, trust_env=False, verify=False)
            return list(answer.json()["why"])
        except httpx.TransportError:
            return ["no answer"]

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process
