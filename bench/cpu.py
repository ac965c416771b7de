"""What each process worked, in CPU seconds: unlike time by the clock, it says the same on a busy machine."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
LOAD = "load generator"


class Work:
    """Counted from its making. A server's children count as the server; this process is the load generator."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = {**pids, LOAD: os.getpid()}
        self._before = self._read()
        self._since = time.monotonic()

    def seconds(self) -> dict[str, float]:
        now = self._read()
        return {name: max(0.0, now[name] - self._before[name]) for name in self._pids}

    def per(self, operations: int) -> str:
        """Milliseconds of each process per operation, the busiest first, and the share of the load generator."""
        spent, wall = self.seconds(), time.monotonic() - self._since
        load = spent.pop(LOAD)
        busiest = sorted(spent.items(), key=lambda pair: -pair[1])
        named = ", ".join(f"{name} {s * 1000 / max(1, operations):.2f}" for name, s in busiest if s > 0.01)
        total = sum(spent.values())
        share = load / (wall * (os.cpu_count() or 1))
        return (
            f"CPU ms per operation: {total * 1000 / max(1, operations):.2f} ({named}); "
            f"load generator {share:.0%} of all cores; all processes of the run {(total + load) / wall:.2f} cores"
        )

    def _read(self) -> dict[str, float]:
        children = _children()
        return {name: _tree(pid, children, alone=name == LOAD) for name, pid in self._pids.items()}


def _children() -> Mapping[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(fields[1])].append(int(path.parent.name))
    return found


def _tree(pid: int, children: Mapping[int, list[int]], *, alone: bool) -> float:
    """With children that ended and were waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    own = sum(map(int, fields[11:13] if alone else fields[11:15])) / TICKS
    return own if alone else own + sum(_tree(each, children, alone=False) for each in children.get(pid, ()))
