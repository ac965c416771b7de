"""Python programs started by fork, from a process that has imported them.

`python -m` imports the same libraries again for each of eight programs, and each keeps a copy in memory; here they are
imported once, and a program that was killed is back at once.

Guarantee: a forked program is what `python -m` would have made, since nothing but imports happened before the fork: no
thread of ours, no connection, no gRPC object. (Figures without labels that a neighbour declares when it is imported
stand at 0 on its page of metrics too.) A module that can't be imported is not forked: `python -m` then says why
in the program's own log. On macOS, whose system libraries don't bear a fork, nothing is.
"""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

CAN_FORK = sys.platform == "linux"


def import_all(modules: Iterable[str]) -> frozenset[str]:
    """Imports what can be imported, with all that it needs; says which."""
    if not CAN_FORK:
        return frozenset()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # else numpy starts threads while it is imported
    gc.disable()  # everything stays: to look for garbage meanwhile costs a tenth
    found = frozenset(module for module in modules if _imported(module))
    gc.freeze()  # no collection in a program touches, and so copies, the pages it shares with the others
    gc.enable()
    return found


def _imported(module: str) -> bool:
    try:
        importlib.import_module(f"{module}.__main__")
        del sys.modules[f"{module}.__main__"]  # which is run anew, as the main program
    except Exception:  # noqa: BLE001 - whatever it is, the program itself will meet and report it
        traceback.print_exc()
        return False
    return True


def module_of(argv: Sequence[str]) -> str:
    """`python -m MODULE …` → MODULE; empty for any other command."""
    return argv[2] if len(argv) > 2 and argv[0] == sys.executable and argv[1] == "-m" else ""


class Forked:
    """What of `subprocess.Popen` a supervisor needs."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], log: int) -> None:
        """`log`: the open file that takes what it says."""
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _become(module_of(argv), argv[3:], env, log)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, seconds: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        give_up = None if seconds is None else time.monotonic() + seconds
        while (code := self.poll()) is None:
            if give_up is not None and time.monotonic() > give_up:
                raise subprocess.TimeoutExpired(str(self.pid), seconds or 0.0)
            time.sleep(0.02)
        return code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        """A number whose end was not seen yet can't be another's."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _become(module: str, arguments: Sequence[str], env: Mapping[str, str], log: int) -> NoReturn:
    """The child. Ends by SystemExit, which leaves the supervisor's frames behind and ends the interpreter in order."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _take_streams(log)
    os.chdir("/")
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    Path("/proc/self/comm").write_text(module)
    sys.argv[:] = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


def _take_streams(log: int) -> None:
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True, write_through=True, encoding="utf-8", errors="backslashreplace")
