"""A typed TypeScript client from the gateway's OpenAPI document compiles, and its deliberate mistakes do not."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from chassis.config import Mode
from gateway import contracts
from gateway.openapi.document import document
from gateway.settings import GatewaySettings
from tools.tiers.tier import Tier

FOLDER = Path(__file__).parent / "typescript"
DOCUMENT = Path(__file__).resolve().parents[2] / "var/tiers/openapi.json"
OLDEST_NODE = 20


def missing() -> str | None:
    if not shutil.which("node") or not shutil.which("npm"):
        return f"Node {OLDEST_NODE} or newer with npm is not there"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    major = int(version.removeprefix("v").split(".")[0])
    return None if major >= OLDEST_NODE else f"Node is {version}, {OLDEST_NODE} or newer is needed"


def run() -> bool:
    """What /openapi.json answers goes through the generator and the compiler, at the versions of package-lock.json."""
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    served = document(contracts.load(), GatewaySettings(mode=Mode.LOCAL))
    DOCUMENT.write_text(json.dumps(served, ensure_ascii=False), encoding="utf-8")
    install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    return _npm(*install) and _npm("run", "generate") and _npm("run", "check")


def _npm(*arguments: str) -> bool:
    done = subprocess.run(["npm", *arguments], cwd=FOLDER, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr)
    return done.returncode == 0


TIER = Tier("TypeScript client", missing, run)
