"""Programs from Debian's packages, unpacked without root into a cache and not installed.

They are kept outside the checkout: `$XDG_CACHE_HOME/closeloop/debian/<name>-<versions>`. apt verifies what it fetches
against the signed lists; which version that is, the distribution decides.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotUnpacked(Exception):
    """What apt or dpkg said, in one line."""


def missing() -> str | None:
    """None on Debian and its kind."""
    lacking = [tool for tool in ("apt-get", "apt-cache", "dpkg-deb") if not shutil.which(tool)]
    return f"{' and '.join(lacking)} is not there: this tier unpacks Debian packages" if lacking else None


def unpacked(name: str, *packages: str) -> Path:
    """The folder that holds `usr/bin` and so on of all these packages. Raises NotUnpacked."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "closeloop" / "debian"
    with _alone(cache):
        return _unpacked(cache, name, packages)


def _unpacked(cache: Path, name: str, packages: tuple[str, ...]) -> Path:
    fingerprint = hashlib.sha256(" ".join([*packages, *_versions(packages)]).encode()).hexdigest()[:12]
    kept = cache / f"{name}-{fingerprint}"
    if not kept.exists():
        fresh = kept.with_suffix(f".{os.getpid()}")
        (fresh / "debs").mkdir(parents=True)
        _run("apt-get", "download", *packages, folder=fresh / "debs")
        for each in (fresh / "debs").glob("*.deb"):
            _run("dpkg-deb", "-x", str(each), str(fresh))
        shutil.rmtree(fresh / "debs")
        fresh.rename(kept)
    return kept


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """apt refuses to be asked by two tiers at once."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _versions(packages: tuple[str, ...]) -> list[str]:
    show = ("apt-cache", "show", "--no-all-versions", *packages)
    try:
        candidates = _run(*show)
    except NotUnpacked:  # a machine whose lists were never fetched
        _run("apt-get", "update")
        candidates = _run(*show)
    return [line for line in candidates.splitlines() if line.startswith("Version:")]


def environment(folder: Path) -> dict[str, str]:
    """So that programs of this folder find their libraries in it."""
    libraries = sorted({str(each.parent) for each in (folder / "usr" / "lib").rglob("*.so*")})
    return os.environ | {
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        "PATH": f"{folder}/usr/bin:{os.environ['PATH']}",
    }


def _run(*command: str, folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise NotUnpacked(f"{command[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return done.stdout
