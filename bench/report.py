"""How a measurement is asked for and how it tells."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace


def options(told: str, **more: str) -> Namespace:
    """`--quick`: small enough for a test. `more`: further options, name → help."""
    parser = ArgumentParser(description=told)
    parser.add_argument("--quick", action="store_true", help="a small run, to see that it works")
    for name, what in more.items():
        parser.add_argument(f"--{name}", default="", help=what)
    return parser.parse_args()


def say(line: str) -> None:
    print(line, flush=True)


def figure(name: str, measured: str, goal: str = "", ratio: str = "") -> None:
    """One line of docs/benchmarks.md."""
    words = [name, measured, f"goal {goal}" if goal else "", f"ratio {ratio}" if ratio else ""]
    say(" | ".join(word for word in words if word))


def machine() -> None:
    """What a figure depends on beside the code."""
    load = os.getloadavg()[0]
    say(f"{os.cpu_count()} cores, load of the machine before the run {load:.1f}, Python {sys.version.split()[0]}")
