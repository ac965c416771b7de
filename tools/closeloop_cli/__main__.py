"""`closeloop`: up, down, status, demo, clock, logs, verify-audit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import psycopg
from rich.console import Console

from chassis.local import ServerFailed
from closeloop_cli import commands
from closeloop_cli.demo.play import STORIES
from closeloop_cli.runtime.layout import CannotRun, Layout
from closeloop_cli.typed import typed


def main(arguments: Sequence[str] | None = None) -> None:
    """What is in the way is one line on stderr and exit code 1."""
    options = parser().parse_args(arguments)
    try:
        sys.exit(options.run(Layout.here(), options))
    except (CannotRun, ServerFailed) as failure:
        sys.exit(f"closeloop: {failure}")
    except psycopg.OperationalError as failure:
        sys.exit(f"closeloop: the database does not answer: {str(failure).splitlines()[0]}")
    except OSError as failure:
        sys.exit(f"closeloop: {failure.strerror or failure}{f': {failure.filename}' if failure.filename else ''}")
    except KeyboardInterrupt:
        left = f"interrupted; what was started is still running: {typed('status')}, {typed('down')}"
        Console(stderr=True).print(left)
        sys.exit(130)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="closeloop", description="Closeloop on this machine.")
    verbs = top.add_subparsers(required=True, metavar="command")

    def verb(name: str, text: str, run: commands.Command) -> argparse.ArgumentParser:
        found = verbs.add_parser(name, help=text, description=text)
        found.set_defaults(run=run)
        return found

    verb("up", "start everything: servers, services, gateway, simulators", commands.up)
    down = verb("down", "stop everything", commands.down)
    down.add_argument("--remove-data", action="store_true", help="delete the data folder too")
    verb("status", "what runs, where, and how much memory it takes", commands.status)
    demo = verb("demo", "play a story through all the services; the system stays up", commands.demo)
    demo.add_argument("story", nargs="?", choices=sorted(STORIES), default="day", help="day: a working day")
    demo.add_argument("--fresh", action="store_true", help="load the company again instead of using its snapshot")
    clock = verb("clock", "business time: now; move +24h; to 2026-03-11T10:00:00+08:00", commands.clock)
    clock.add_argument("what", choices=["now", "move", "to"])
    clock.add_argument("target", nargs="?", default="")
    logs = verb("logs", "the last lines of a program's log", commands.logs)
    logs.add_argument("program")
    logs.add_argument("-n", type=int, default=40, metavar="LINES")
    verb("verify-audit", "check the audit chain of every service", commands.verify_audit)
    return top


if __name__ == "__main__":
    main()
