"""Several tiers beside each other: they wait for servers, for compilers and for downloads more than they compute."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

AT_ONCE = 2


def run_side_by_side(
    names: Sequence[str], *, say: Callable[[str], None], program: Sequence[str] = (sys.executable, "-m", "tools.tiers")
) -> bool:
    """Each in a process of its own, begun in this order; what it says is told whole when it has ended."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        green = True
        for each in as_completed([pool.submit(_run, [*program, name]) for name in names]):
            said, passed = each.result()
            say(said.rstrip("\n"))
            green = green and passed
    return green


def _run(command: list[str]) -> tuple[str, bool]:
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}  # its own lines stay where it said them, between its tests'
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout, done.returncode == 0
