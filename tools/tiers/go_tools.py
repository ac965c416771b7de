"""Go programs and modules at the versions and sums of `go/<name>/go.mod` and `go.sum`, built once and kept.

They are kept outside the checkout, so that a fresh clone finds them: `$XDG_CACHE_HOME/closeloop/go-tools`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent / "go"


class GoFailed(Exception):
    """What the go command said."""


def missing() -> str | None:
    """None when the newest Go that any of the tools wants is there."""
    wanted = max(_version((each / "go.mod").read_text()) for each in FOLDER.iterdir())
    need = f"Go {'.'.join(map(str, wanted))} or newer"
    if not shutil.which("go"):
        return f"{need} is not there"
    found = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
    return None if _version(found) >= wanted else f"{need} is needed, this is {found.strip()}"


def program(name: str) -> Path:
    """The program that `go/<name>` is there for, built if needed."""
    folder = FOLDER / name
    kept = _cache() / f"{name}-{_fingerprint(folder)}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        # A tool of somebody else's module, or the few lines that lie beside go.mod.
        package = next(iter(re.findall(r"^tool (\S+)", (folder / "go.mod").read_text(), re.M)), ".")
        fresh = kept.with_suffix(f".{os.getpid()}")
        _go(folder, "build", "-trimpath", "-ldflags=-s -w", "-o", str(fresh), package)
        fresh.replace(kept)
    return kept


def module(name: str, path: str) -> Path:
    """The unpacked source of a module that `go/<name>` requires, for the data in it."""
    return Path(json.loads(_go(FOLDER / name, "mod", "download", "-json", path))["Dir"])


def _go(folder: Path, *arguments: str) -> str:
    # The versions of go.mod, whatever a workspace or the caller's flags say.
    environment = {**os.environ, "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false", "CGO_ENABLED": "0"}
    done = subprocess.run(["go", *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise GoFailed(done.stderr.strip() or done.stdout.strip())
    return done.stdout


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256(subprocess.run(["go", "version"], capture_output=True, check=True).stdout)
    for file in sorted(folder.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "closeloop" / "go-tools"


def _version(text: str) -> tuple[int, ...]:
    found = re.search(r"go ?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)
