"""`python -m gateway serve` (or `all`, as for the services)."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from chassis import faults, telemetry
from chassis.config import ConfigError, load
from chassis.metrics import metrics
from chassis.side_port import LocalDoors, SidePort
from gateway.bootstrap import Gateway
from gateway.server import DoorServer, allow_many_connections, listen
from gateway.settings import GatewaySettings

CANNOT_START = 2


def main() -> None:
    """Until SIGTERM or SIGINT. What keeps it from starting is one line on stderr and exit code 2."""
    parser = argparse.ArgumentParser(description="The gateway: REST, live stream, sign-in, uploads, callbacks.")
    parser.add_argument("role", choices=["serve", "all"], nargs="?", default="serve")
    parser.parse_args()
    try:
        settings = load(GatewaySettings)
        telemetry.start("gateway", settings)
        run(settings)
    except ConfigError as failure:
        print(failure, file=sys.stderr)  # noqa: T201 - for the person at the terminal
        sys.exit(CANNOT_START)


def run(settings: GatewaySettings) -> None:
    allow_many_connections()
    gateway = Gateway(settings)
    door = listen(settings.host, settings.gateway_port)
    # Nothing is ever due here; the doors exist so that a demo can ask every process the same.
    local = LocalDoors(lambda: None, list, faults.arm) if settings.is_local else None
    side = SidePort(settings.host, settings.side_port, metrics, gateway.not_ready, local)
    server = DoorServer(gateway.app, settings, gateway.begin_drain)
    # After its drain uvicorn raises the signal again; by then it has been obeyed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve([door]))
    finally:
        side.stop()


if __name__ == "__main__":
    main()
