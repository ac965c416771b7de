"""Finds a pip-installed package's folder without importing it (its import may write files or print)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from chassis.local.process import ServerFailed


def package_folder(package: str, distribution: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ServerFailed(f"the package {distribution} is not installed; run `make setup`")
    return Path(found.origin).parent
