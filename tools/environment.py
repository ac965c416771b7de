"""Set up `.venv`: `python3 tools/environment.py [run|dev]`. Standard library only: it runs before anything is there.

`run` installs what the product runs on, `dev` also what tests and lints need. Libraries are installed from the
lock files with their hashes; our own packages editable on top (pip refuses the two in one step). A stamp of the
inputs makes the second run immediate.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
# The contracts generate code of every neighbour, so they come first.
PACKAGES = ["proto", "libs/chassis", "simulators", "tools"]
NEEDED_BYTES = 2 * 1024**3


class CannotSetUp(Exception):
    """One line for a person."""


def main(kind: str) -> None:
    check_python()
    with only_one():
        if is_current(kind):
            return
        check_disk()
        create()
        install(kind)


def check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells users of an older one
        found = ".".join(map(str, sys.version_info[:2]))
        raise CannotSetUp(f"Closeloop needs Python 3.11 or newer; this is {found}. Name one: make PYTHON=python3.12 …")
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            raise CannotSetUp(
                f"Python's module {module} is missing. On Debian or Ubuntu: apt install python3-venv"
            ) from None


def check_disk() -> None:
    free = shutil.disk_usage(ROOT).free
    if not VENV.exists() and free < NEEDED_BYTES:
        raise CannotSetUp(f"The disk of {ROOT} has {free // 1024**2} MB free; {NEEDED_BYTES // 1024**2} MB are needed.")


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Two `make` at once: the second waits and finds the work done."""
    lock_file = ROOT / "var/setup.lock"
    lock_file.parent.mkdir(exist_ok=True)
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def packages() -> list[str]:
    services = sorted(str(file.parent.relative_to(ROOT)) for file in ROOT.glob("services/*/pyproject.toml"))
    return [*PACKAGES, *services]


def fingerprint(kind: str) -> str:
    digest = hashlib.sha256(sys.version.encode())
    files = [LOCKS[kind], *(ROOT / folder / "pyproject.toml" for folder in packages()), Path(__file__)]
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def stamp(kind: str) -> Path:
    return VENV / f".closeloop-{kind}"


def is_current(kind: str) -> bool:
    # dev is a superset of run.
    return any(stamp(k).is_file() and stamp(k).read_text() == fingerprint(k) for k in {kind, "dev"})


def create() -> None:
    if (VENV / "bin/python").exists():
        return
    say("creating .venv")
    run([sys.executable, "-m", "venv", str(VENV)], "Python could not create .venv")


def install(kind: str) -> None:
    say(f"installing {LOCKS[kind].name} (a few minutes the first time)")
    pip("install", "--require-hashes", "--only-binary=:all:", "-r", str(LOCKS[kind]))
    say("installing our own packages")
    editable = [part for folder in packages() for part in ("-e", str(ROOT / folder))]
    pip("install", "--no-build-isolation", "--no-deps", *editable)
    stamp(kind).write_text(fingerprint(kind))


def pip(*arguments: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    command = [str(VENV / "bin/python"), "-m", "pip", *arguments, *quiet]
    run(command, "pip could not install: is the network or package index reachable, and the disk not full?")


def run(command: list[str], failure: str) -> None:
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-3:]
        raise CannotSetUp("\n  ".join([failure, *last]))


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "dev")
    except CannotSetUp as failure:
        sys.exit(f"setup: {failure}")
    except KeyboardInterrupt:
        sys.exit("setup: interrupted; run it again to go on")
