"""Keeps the programs of a plan running: `python -m closeloop_cli.runtime.supervisor <plan.json> <state.json> <logs>`.

Guarantee: a program that dies is started again, after pauses that grow while it keeps dying; one that dies five times
without living ten seconds is given up and says so in the state file. SIGTERM ends all programs, then this one. The
standard library alone, so that it costs little memory.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from closeloop_cli.runtime.births import birth_of

POLL = 0.1
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
SHORT_LIFE = 10.0
LAST_CHANCE = 5
GRACE = 25.0


@dataclass
class Kept:
    """One program. `state`: running, waiting (to be started again), given_up."""

    plan: dict[str, Any]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    short_lives: int = 0
    next_start: float = 0.0
    state: str = "waiting"
    exit_code: int | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.plan["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.plan["env"], cwd="/"
            )
        self.started, self.state = time.monotonic(), "running"

    def look(self) -> bool:
        """True when something changed."""
        if self.process is not None and self.process.poll() is not None:
            self._died(self.process.returncode)
            return True
        if self.state == "waiting" and time.monotonic() >= self.next_start:
            self.start()
            return True
        return False

    def _died(self, code: int) -> None:
        lived = time.monotonic() - self.started
        self.process, self.exit_code = None, code
        self.short_lives = self.short_lives + 1 if lived < SHORT_LIFE else 1
        self.restarts += 1
        pause = min(FIRST_PAUSE * 2 ** (self.short_lives - 1), LONGEST_PAUSE)
        self.next_start = time.monotonic() + pause
        self.state = "given_up" if self.short_lives >= LAST_CHANCE else "waiting"

    def report(self) -> dict[str, object]:
        pid = self.process.pid if self.process else 0
        return {
            "pid": pid,
            "birth": birth_of(pid) if pid else "",
            "state": self.state,
            "restarts": self.restarts,
            "exitCode": self.exit_code,
        }


@dataclass
class Supervisor:
    state_file: Path
    kept: dict[str, Kept] = field(default_factory=dict)
    stopping: bool = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self.stopping:
            changed = [program.look() for program in self.kept.values()]
            if any(changed):
                self.write()
            time.sleep(POLL)
        self._end_all()

    def write(self) -> None:
        """In one step, so that a reader never sees half of it."""
        own = {"pid": os.getpid(), "birth": birth_of(os.getpid())}
        programs = {name: program.report() for name, program in self.kept.items()}
        scratch = self.state_file.with_suffix(".part")
        scratch.write_text(json.dumps({"supervisor": own, "programs": programs}, indent=1))
        scratch.replace(self.state_file)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _end_all(self) -> None:
        running = [program.process for program in self.kept.values() if program.process]
        for process in running:
            process.terminate()
        give_up = time.monotonic() + GRACE
        for process in running:
            try:
                process.wait(max(0.1, give_up - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.state_file.unlink(missing_ok=True)


def main() -> None:
    plan, state, logs = (Path(argument) for argument in sys.argv[1:4])
    supervisor = Supervisor(state)
    for program in json.loads(plan.read_text()):
        supervisor.kept[program["name"]] = Kept(program, logs / f"{program['name']}.log")
    supervisor.run()


if __name__ == "__main__":
    main()
