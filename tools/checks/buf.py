"""`buf lint` and `buf breaking` on protoc's descriptor image.

`python -m tools.checks.buf lint | breaking | baseline`. `baseline` writes proto/baseline.binpb: a deliberate act,
after which what was breaking is the new promise.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

PROTO = Path(__file__).resolve().parents[2] / "proto"
IMAGE = PROTO / "gen/closeloop/contracts.binpb"
BASELINE = PROTO / "baseline.binpb"


def lint(image: Path = IMAGE) -> list[str]:
    """Breaches of buf's STANDARD rules. Files of libraries in the image are not ours to lint."""
    return _run("lint", str(image), "--path", "closeloop")


def breaking(image: Path = IMAGE, baseline: Path = BASELINE) -> list[str]:
    return _run("breaking", str(image), "--against", str(baseline), "--exclude-imports")


def write_baseline(image: Path = IMAGE, baseline: Path = BASELINE) -> None:
    _run("build", str(image), "--exclude-source-info", "-o", str(baseline), config=False)


def _run(*arguments: str, config: bool = True) -> list[str]:
    buf = Path(sysconfig.get_path("scripts")) / "buf"
    chosen = ["--config", str(PROTO / "buf.yaml")] if config else []
    done = subprocess.run([str(buf), *arguments, *chosen], capture_output=True, text=True)
    # buf answers 100 for findings; anything else but 0 is a failure of buf itself.
    if done.returncode not in (0, 100):
        raise RuntimeError(done.stderr.strip())
    return done.stdout.splitlines()


def main(command: str) -> int:
    if command == "baseline":
        write_baseline()
        return 0
    found = {"lint": lint, "breaking": breaking}[command]()
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
