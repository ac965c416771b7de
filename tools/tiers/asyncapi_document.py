"""docs/asyncapi.yaml passes AsyncAPI's own parser, and a broken copy of it does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.tiers import typescript_client
from tools.tiers.tier import Tier

FOLDER = Path(__file__).parent / "asyncapi"
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/asyncapi.yaml"
BROKEN = ROOT / "var/tiers/broken-asyncapi.yaml"


def run() -> bool:
    installed = _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    BROKEN.parent.mkdir(parents=True, exist_ok=True)
    BROKEN.write_text(
        DOCUMENT.read_text(encoding="utf-8").replace("action: send", "action: shout", 1), encoding="utf-8"
    )
    if installed and _npm("run", "--silent", "check", str(BROKEN), quiet=True):
        print("the parser takes a document that is broken on purpose")
        return False
    return installed and _npm("run", "--silent", "check", str(DOCUMENT))


def _npm(*arguments: str, quiet: bool = False) -> bool:
    done = subprocess.run(["npm", *arguments], cwd=FOLDER, capture_output=True, text=True)
    if done.returncode and not quiet:
        print(done.stdout + done.stderr)
    return done.returncode == 0


TIER = Tier("AsyncAPI", typescript_client.missing, run)
