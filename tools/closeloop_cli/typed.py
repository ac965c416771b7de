"""What a person has to type to call this program again."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def typed(*arguments: str) -> str:
    """By its name when the shell finds it, else by its place in the environment that runs now."""
    own = Path(sys.executable).with_name("closeloop")
    program = "closeloop" if shutil.which("closeloop") else os.path.relpath(own)
    return " ".join((program, *arguments))
