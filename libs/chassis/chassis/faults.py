"""Named points at which a process kills itself with SIGKILL, to prove that nothing is lost there.

Armed only in local mode: by CLOSELOOP_FAULT at start or by the side port. Process-wide by nature, as a crash is.
A point that nobody armed costs one look-up in an empty set.
"""

from __future__ import annotations

import os
import signal

POINTS = frozenset(
    {
        "before-commit",  # effect and event written, not committed
        "after-commit-before-publish",  # committed, the event still in the outbox
        "after-publish-before-mark",  # the broker has it, the outbox does not know
        "after-effect-before-offset",  # consumed and committed, the offset not
        "after-deadline-before-commit",
    }
)
_armed: set[str] = set()


class UnknownFaultPoint(ValueError):
    """There is no fault point of that name."""


def arm(point: str) -> None:
    """Kill this process when it next reaches `point`. Raises UnknownFaultPoint, RuntimeError outside local mode."""
    if os.environ.get("CLOSELOOP_MODE") != "local":
        raise RuntimeError("fault points are armed only with CLOSELOOP_MODE=local")
    if point not in POINTS:
        raise UnknownFaultPoint(f"{point}: choose one of {', '.join(sorted(POINTS))}")
    _armed.add(point)


def arm_from_environment() -> None:
    """Called once at the start of a process."""
    for point in filter(None, os.environ.get("CLOSELOOP_FAULT", "").split(",")):
        arm(point.strip())


def reach(point: str) -> None:
    if point in _armed:
        os.kill(os.getpid(), signal.SIGKILL)
