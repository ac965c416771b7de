"""Where the time goes: py-spy's samples of several processes at once, as a few lines for each."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

RATE = 50
SHOWN = 10
# A frame of py-spy's raw format: "function (path/file.py:12)".
FRAME = re.compile(r"^(?P<function>.+) \((?P<file>[^()]+?)(:\d+)?\)$")
PACKAGES = re.compile(r".*/(?:site-packages|services/[a-z]+|libs/chassis|proto/gen|python3\.\d+)/(.+)$")
OURS = re.compile(r"^(leads|activity|targets|incentives|forecast|integration|gateway|chassis)/")
# Waiting is no work, even where the sampler takes it for some.
WAITS = re.compile(r"^(threading|selectors|socket|concurrent/futures/thread|queue)\.py:|psycopg/connection\.py:.*wait$")
# Every call passes through these; they say nothing.
EVERYWHERE = re.compile(r"/interceptors/|chassis/service/|chassis/rpc/server|__main__|middleware/")


def profile(py_spy: str, pids: Mapping[str, int], seconds: float, folder: Path) -> Iterator[str]:
    """Per process: the libraries whose code was running, and our own functions under way, as shares of its work."""
    files = {name: folder / f"{name}.samples" for name in pids}
    words = ["record", "--nonblocking", "--format", "raw", "--rate", str(RATE), "--duration", str(round(seconds))]
    running = [
        subprocess.Popen([py_spy, *words, "--output", str(files[name]), "--pid", str(pid)],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name, pid in pids.items()
    ]  # fmt: skip
    for each in running:
        each.wait(seconds + 60)
    for name, file in files.items():
        if file.exists():
            yield from told(name, file.read_text())


def told(name: str, samples: str) -> Iterator[str]:
    """Of one process. `samples`: a line for each stack, with how often it was seen."""
    running, under_way, total = Counter[str](), Counter[str](), 0
    for stack, count in _stacks(samples):
        total += count
        running[_library(stack[-1])] += count
        for each in {frame for frame in stack if OURS.match(frame) and not EVERYWHERE.search(frame)}:
            under_way[each] += count
    if total:
        yield f"  {name}: {total / RATE:.1f} s at work"
        yield f"    code of: {_list(running, total)}"
        yield f"    under way: {_list(under_way, total)}"


def _stacks(samples: str) -> Iterator[tuple[Sequence[str], int]]:
    for line in samples.splitlines():
        stack, _, number = line.rpartition(" ")
        frames = [_short(each) for each in stack.split(";")]
        if not WAITS.search(frames[-1]):
            yield frames, int(number)


def _library(frame: str) -> str:
    """`sqlalchemy`, or of our own code `leads/assignment`."""
    parts = frame.partition(":")[0].split("/")
    return "/".join(parts[:2]) if OURS.match(frame) else parts[0]


def _list(counted: Counter[str], total: int) -> str:
    return "; ".join(f"{each} {n / total:.0%}" for each, n in counted.most_common(SHOWN))


def _short(frame: str) -> str:
    """`chassis/relay.py:Relay.round`."""
    match = FRAME.match(frame)
    if match is None:
        return frame
    place = PACKAGES.match(match["file"])
    return f"{place[1] if place else match['file']}:{match['function']}"
