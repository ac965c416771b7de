"""Removes a folder when the owner's end of the pipe closes: it stopped, or it was killed.

Started as a plain script, like the guard. Servers in the folder are stopped by their own guards meanwhile, so what
can't be removed yet is tried again.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

PATIENCE = 60.0


def main() -> int:
    folder = Path(sys.argv[1])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    give_up = time.monotonic() + PATIENCE
    while folder.exists() and time.monotonic() < give_up:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
