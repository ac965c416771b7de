"""A folder for local servers that goes with its owner."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.local import sweep


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Reachable by `nobody`. Removed at the end of the block, and when this process is killed inside it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    sweeper = subprocess.Popen(
        [sys.executable, "-I", "-S", sweep.__file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    if sweeper.stdin is None or sweeper.stdout is None:
        raise RuntimeError("a sweeper without pipes")
    with sweeper.stdin, sweeper.stdout:
        sweeper.stdout.readline()  # from now on it sees our end
        try:
            yield folder
        finally:
            sweeper.stdin.close()
            sweeper.wait()
