"""Entry point of every service: `python -m leads serve | consume | relay | jobs | migrate | verify-audit | all`.

`python -m leads events --help` is for operators: parked events, and outboxes to publish again.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from threading import Event
from types import FrameType
from typing import Any, get_type_hints

from chassis import faults, telemetry
from chassis.config import ConfigError, Settings, load
from chassis.service import event_commands
from chassis.service.audit_check import audit_is_whole
from chassis.service.process import Process, migrate_now
from chassis.service.roles import Role
from chassis.service.service import Service

EVENTS = "events"
TAMPERED = 1
CANNOT_START = 2


def main(build: Callable[[Any], Service], arguments: Sequence[str] | None = None) -> None:
    """Run the service until SIGTERM or SIGINT. What keeps it from starting is one line on stderr and exit code 2.

    `build` takes the service's settings; the annotation of its first parameter says which class.
    """
    role, rest = _asked(arguments)
    try:
        settings = load(_settings_class(build))
        service = build(settings)
        telemetry.start(service.name, settings)
        faults.arm_from_environment()
        if role == EVENTS:
            sys.exit(event_commands.run(service, rest))
        elif role is Role.MIGRATE:
            migrate_now(service)
        elif role is Role.VERIFY_AUDIT:
            sys.exit(0 if audit_is_whole(service) else TAMPERED)
        else:
            # What start made lives as long as the process. A full collection over it stops every call for 100 ms.
            gc.freeze()
            Process(service, Role(role)).run(_stop_signal())
    except ConfigError as failure:
        print(failure, file=sys.stderr)  # noqa: T201 - for the person at the terminal
        sys.exit(CANNOT_START)


def _asked(arguments: Sequence[str] | None) -> tuple[Role | str, list[str]]:
    """The role, or "events" with the command's own arguments."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [EVENTS]:
        return EVENTS, given[1:]
    parser = argparse.ArgumentParser(description="Run this service in one role, or in all of them at once.")
    parser.add_argument("role", choices=[*(role.value for role in Role), EVENTS])
    return Role(parser.parse_args(given).role), []


def _settings_class(build: Callable[[Any], Service]) -> type[Settings]:
    hints = get_type_hints(build)
    first = next(iter(hints.values()), Settings)
    return first if isinstance(first, type) and issubclass(first, Settings) else Settings


def _stop_signal() -> Event:
    """Set by the first SIGTERM or SIGINT; a second one ends the process the hard way."""
    stop = Event()

    def request(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, request)
    return stop
