"""Keeps the programs of a plan running: `python -m closeloop_cli.runtime.supervisor <plan.json> <state.json> <logs>`.

Guarantee: a program that dies is started again, after pauses that grow while it keeps dying; one that dies five times
without living ten seconds is given up and says so in the state file. SIGTERM ends all programs, then this one.

`--import MODULE …`: imports these first, so that they start by fork, and then waits for a line on its standard input;
the plan need not be there before that. Without the line (whoever was to send it has ended) it ends too.
"""

from __future__ import annotations

import argparse
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
from closeloop_cli.runtime.forked import Forked, import_all, module_of

POLL = 0.05
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
SHORT_LIFE = 10.0
LAST_CHANCE = 5
GRACE = 25.0


@dataclass
class Kept:
    """One program. `state`: running, waiting (to be started again), given_up. `imported`: modules to fork."""

    plan: dict[str, Any]
    log: Path
    imported: frozenset[str] = frozenset()
    process: subprocess.Popen[bytes] | Forked | None = None
    started: float = 0.0
    restarts: int = 0
    short_lives: int = 0
    next_start: float = 0.0
    state: str = "waiting"
    exit_code: int | None = None

    def start(self) -> None:
        argv, env = self.plan["argv"], self.plan["env"]
        with self.log.open("ab") as log:
            if module_of(argv) in self.imported:
                self.process = Forked(argv, env, log.fileno())
            else:
                self.process = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd="/"
                )
        self.started, self.state = time.monotonic(), "running"

    def look(self) -> bool:
        """True when something changed."""
        if self.process is not None and (code := self.process.poll()) is not None:
            self._died(code)
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
    parser = argparse.ArgumentParser(description="Keep the programs of a plan running.")
    for each in ("plan", "state", "logs"):
        parser.add_argument(each, type=Path)
    parser.add_argument("--import", dest="modules", nargs="+", default=[], metavar="MODULE")
    options = parser.parse_args()
    imported = import_all(options.modules)
    if options.modules and not sys.stdin.readline():
        return
    supervisor = Supervisor(options.state)
    for program in json.loads(options.plan.read_text()):
        log = options.logs / f"{program['name']}.log"
        supervisor.kept[program["name"]] = Kept(program, log, imported)
    supervisor.run()


if __name__ == "__main__":
    main()
