"""Sees each line of docs/reliability.md red: `python -m tests.faults.red [words of lines]`, or `make faults-red`.

Takes a copy of the tree, makes one change of `breaks.toml` at a time, and runs the line's test, small. A test that
stays green with its guarantee broken proves nothing; then the exit code is 1.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BREAKS = Path(__file__).with_name("breaks.toml")
TABLE = ROOT / "docs" / "reliability.md"
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", "node_modules", "dist")
PACKAGES = ("proto/gen", "libs/chassis", "simulators", "tools")
LONGEST = 900
# Of pytest's report: what a person needs to see that it was red for the right reason.
REASON = re.compile(r"^E +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Edit:
    """`old` in `file` becomes `new`."""

    file: str
    old: str
    new: str

    @contextmanager
    def made_in(self, tree: Path) -> Iterator[None]:
        file = tree / self.file
        before = file.read_text()
        file.write_text(before.replace(self.old, self.new))
        try:
            yield
        finally:
            file.write_text(before)


@dataclass(frozen=True)
class Break:
    """`line` begins a line of the table; with all edits made, `test` must fail."""

    line: str
    why: str
    edits: tuple[Edit, ...]
    test: str

    @contextmanager
    def made_in(self, tree: Path) -> Iterator[None]:
        with ExitStack() as stack:
            for each in self.edits:
                stack.enter_context(each.made_in(tree))
            yield


def breaks() -> list[Break]:
    return [_break(**each) for each in tomllib.loads(BREAKS.read_text())["break"]]


def _break(line: str, why: str, test: str, also: Sequence[dict[str, str]] = (), **edit: str) -> Break:
    return Break(line, why, tuple(Edit(**each) for each in (edit, *also)), test)


def main(words: list[str]) -> int:
    chosen = [each for each in breaks() if not words or any(word in each.line for word in words)]
    with copied() as tree:
        green = [each for each in chosen if not is_red(each, tree)]
    print(f"{len(chosen) - len(green)} of {len(chosen)} breaks were seen")
    return 1 if green or not chosen else 0


@contextmanager
def copied() -> Iterator[Path]:
    """Beside the temporary folders of servers, which run under another user when we are root."""
    with tempfile.TemporaryDirectory(prefix="closeloop-red-", dir="/var/tmp") as folder:
        tree = Path(folder) / "tree"
        Path(folder).chmod(0o755)
        shutil.copytree(ROOT, tree, ignore=NOT_COPIED, symlinks=True)
        yield tree


def is_red(each: Break, tree: Path) -> bool:
    with each.made_in(tree):
        failed, reason = run(each.test, tree)
    print(f"{'red  ' if failed else 'GREEN'} {each.line} · {each.why}\n      {each.test}\n      {reason}", flush=True)
    return failed


def run(test: str, tree: Path) -> tuple[bool, str]:
    """Whether it failed, as a test fails: an error while collecting it is no proof."""
    services = [str(each) for each in sorted((tree / "services").iterdir()) if each.is_dir()]
    paths = [str(tree), *(str(tree / each) for each in PACKAGES), *services]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", test]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    try:
        done = subprocess.run(
            command, cwd=tree, env=env, timeout=LONGEST, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        return True, f"did not end within {LONGEST} s"
    found = REASON.search(done.stdout)
    return done.returncode == 1, found[1][:160] if found else done.stdout[-300:].strip().replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
