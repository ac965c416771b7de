"""Chart and compose file against schemas and the services' settings; the image's files without an engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.tiers import go_tools
from tools.tiers.tier import Tier

ROOT = Path(__file__).resolve().parents[2]
IMAGE_ROOT = "tests/deploy/test_image_root.py"


def run_chart() -> bool:
    try:
        for name in ("helm", "compose"):
            go_tools.program(name)
    except go_tools.GoFailed as failure:
        print(failure)
        return False
    return _pytest("tests/deploy", f"--ignore={IMAGE_ROOT}")


def run_image() -> bool:
    return _pytest(IMAGE_ROOT)


def _pytest(*arguments: str) -> bool:
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments], cwd=ROOT)
    return done.returncode == 0


CHART = Tier("chart and compose", go_tools.missing, run_chart)
IMAGE = Tier("image", lambda: None, run_image)
