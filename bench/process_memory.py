"""Memory of an idle process in each role, in production mode: `python -m bench.process_memory`. For docs/sizing.md.

PSS: the private part and a fair share of what several processes share.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from chassis.identity import generate_signing_key, read_signing_key, write_trust
from chassis.local import LocalBroker, LocalPostgres, LocalRedis, create_service_database, temporary_folder
from chassis.local.ports import free_port

SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration")
# Each role of one service, the rest in all roles at once.
ROLES = {"leads": ("serve", "consume", "relay", "jobs", "all")}
PATIENCE = 180.0


def main() -> None:
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        temporary_folder("closeloop-memory-") as folder,
        LocalPostgres(folder / "postgres", ephemeral=True, durable=False) as postgres,
        LocalBroker(folder / "broker", ephemeral=True) as broker,
        LocalRedis(folder / "redis", ephemeral=True) as redis,
    ):
        common = _common(folder, broker.bootstrap, redis.url)
        for name in SERVICES:
            own = common | _own(folder, name, create_service_database(postgres, name))
            subprocess.run([sys.executable, "-m", name, "migrate"], env=own, check=True, stderr=subprocess.DEVNULL)
            measured = {role: _measure(name, role, own) for role in ROLES.get(name, ("all",))}
            print(f"{name:12}", *(f"{role} {megabytes:.0f} MB" for role, megabytes in measured.items()), flush=True)
        print(f"{'gateway':12} serve {_measure('gateway', 'serve', common | _own(folder, 'gateway', '')):.0f} MB")


def _common(folder: Path, bootstrap: str, redis: str) -> dict[str, str]:
    for name in (*SERVICES, "gateway"):
        generate_signing_key(folder / f"{name}.pem")
    keys = {name: read_signing_key(folder / f"{name}.pem").public_key() for name in (*SERVICES, "gateway")}
    write_trust(folder / "trust.json", keys)
    return {
        "PATH": os.environ["PATH"],
        "TMPDIR": tempfile.gettempdir(),
        "CLOSELOOP_MODE": "production",
        "CLOSELOOP_KAFKA_BOOTSTRAP": bootstrap,
        "CLOSELOOP_KAFKA_PROFILE": "embedded",
        "CLOSELOOP_REDIS_URL": redis,
        "CLOSELOOP_TRUST": str(folder / "trust.json"),
        "CLOSELOOP_FILES_URL": (folder / "files").as_uri(),
        "CLOSELOOP_PEERS": ",".join(f"{name}=127.0.0.1:{free_port()}" for name in SERVICES),
        "CLOSELOOP_SIDE_PORT": str(free_port()),
        "CLOSELOOP_GATEWAY_PORT": str(free_port()),
    }


def _own(folder: Path, name: str, database: str) -> dict[str, str]:
    return {"CLOSELOOP_SIGNING_KEY": str(folder / f"{name}.pem"), "CLOSELOOP_DATABASE_URL": database}


def _measure(name: str, role: str, env: dict[str, str]) -> float:
    """Megabytes of the process and those it started, once it is ready."""
    process = subprocess.Popen([sys.executable, "-m", name, role], env=env, stderr=subprocess.DEVNULL)
    try:
        _wait_until_ready(env["CLOSELOOP_SIDE_PORT"])
        return sum(_pss(pid) for pid in (process.pid, *_children(process.pid))) / 1024
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_ready(port: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("not ready")


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _pss(pid: int) -> int:
    """Kilobytes."""
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    main()
