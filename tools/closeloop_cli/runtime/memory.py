"""Memory of all our processes: PSS, which counts a shared page once among those who share it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from closeloop_cli.runtime.births import HAS_PROC
from closeloop_cli.runtime.layout import Layout

PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def proportional_set_size(layout: Layout) -> dict[str, int]:
    """Bytes by program and server, each with its child processes; nothing where the kernel does not tell (macOS)."""
    if not HAS_PROC:
        return {}
    children = family()
    found = {}
    for name, pid in roots(layout).items():
        pids = [pid, *descendants(pid, children)]
        found[name] = sum(pss_of(each) for each in pids)
    return found


def roots(layout: Layout) -> dict[str, int]:
    found: dict[str, int] = {}
    if layout.processes.exists():
        state = json.loads(layout.processes.read_text())
        found |= {name: program["pid"] for name, program in state["programs"].items() if program["pid"]}
    for name in ("postgres", "redis", "broker"):
        record = layout.server(name) / f"{name}.pid"
        if record.exists():
            found[name] = int(json.loads(record.read_text())["pid"])
    return found


def family() -> dict[int, list[int]]:
    """Parent → children, of all processes that can be seen."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(folder.name))
    return children


def descendants(pid: int, children: dict[int, list[int]]) -> list[int]:
    below = children.get(pid, [])
    return below + [each for child in below for each in descendants(child, children)]


def pss_of(pid: int) -> int:
    """0 when the kernel does not tell."""
    try:
        match = PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        return 0
    return int(match[1]) * 1024 if match else 0
