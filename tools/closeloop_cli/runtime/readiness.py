"""Whether programs are ready, and whether the whole system has come to rest."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from chassis.local.process import answers
from closeloop_cli.runtime.layout import SERVICES, CannotRun, Layout, Program

STARTING, STUCK = 90.0, 60.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.15
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url: str, body: dict[str, Any] | None = None, timeout: float = 5.0) -> Any:
    """JSON of a side port, also of a refusal; None when nobody answers, or somebody who does not speak it."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data=data)  # noqa: S310 - our own side ports
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return _json(answer.read())
    except urllib.error.HTTPError as refusal:
        return _json(refusal.read() or b"{}")
    except (OSError, http.client.HTTPException):
        return None


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        return None


def not_ready(program: Program) -> list[str]:
    if not program.side_port:
        return [] if answers(program.port) else ["starting"]
    found = ask(f"http://127.0.0.1:{program.side_port}/readyz")
    return ["starting"] if found is None else list(found.get("why", []))


def wait_until_ready(layout: Layout, programs: Iterable[Program]) -> None:
    """Raises CannotRun with the last line of the log of the program that gave up or takes too long."""
    waiting = list(programs)
    give_up = time.monotonic() + STARTING
    while waiting:
        waiting = [program for program in waiting if not_ready(program)]
        lost = [program for program in waiting if state_of(layout, program.name) == "given_up"]
        if lost or (waiting and time.monotonic() > give_up):
            name = (lost or waiting)[0].name
            raise CannotRun(f"{name} does not start: {last_line(layout.logs / f'{name}.log')}")
        time.sleep(0.05)


def state_of(layout: Layout, name: str) -> str:
    try:
        return str(json.loads(layout.processes.read_text())["programs"][name]["state"])
    except (OSError, ValueError, KeyError):
        return "unknown"


def last_line(log: Path) -> str:
    try:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return "no log"
    return lines[-1][-400:] if lines else f"{log} is empty"


def unsettled(layout: Layout, services: Sequence[str] = SERVICES) -> dict[str, list[str]]:
    """What is still going on in each service that is busy."""

    def of(name: str) -> list[str]:
        found = ask(f"{layout.side_url(name)}/local/settled")
        return ["no answer"] if found is None else list(found.get("why", [str(found.get("error", ""))]))

    with ThreadPoolExecutor(len(SERVICES)) as pool:
        return {name: why for name, why in zip(services, pool.map(of, services), strict=True) if why}


def settle(layout: Layout) -> None:
    """Until every service rests twice in a row: an event between two of them is in neither's outbox for a moment.

    Raises CannotRun when the reasons stay the same for a minute: slow is fine, stuck is not.
    """
    calm = 0
    while calm < 2:
        busy = unsettled(layout)
        calm = 0 if busy else calm + 1
        wait_until_calm(layout, busy)


def wait_until_calm(layout: Layout, busy: dict[str, list[str]]) -> None:
    """Asks only the busy ones, in growing pauses: each question costs work that delays what is waited for."""
    pause, give_up = SHORTEST_PAUSE, time.monotonic() + STUCK
    while busy:
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
        still = unsettled(layout, tuple(busy))
        if still != busy:
            busy, give_up = still, time.monotonic() + STUCK
        elif time.monotonic() > give_up:
            raise CannotRun(f"the system does not come to rest: {busy}")
