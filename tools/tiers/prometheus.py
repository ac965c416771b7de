"""Alert rules and dashboards against Prometheus itself, from Debian's package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.tiers import debian
from tools.tiers.tier import Tier

ROOT = Path(__file__).resolve().parents[2]


def program(name: str) -> Path:
    """`prometheus` or `promtool`, unpacked at first use. Raises NotUnpacked."""
    return debian.unpacked("prometheus", "prometheus") / "usr/bin" / name


def run() -> bool:
    try:
        program("promtool")
    except debian.NotUnpacked as failure:
        print(failure)
        return False
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/observability",
        "tests/prometheus",
    ]
    return subprocess.run(command, cwd=ROOT).returncode == 0


TIER = Tier("observability", debian.missing, run)
