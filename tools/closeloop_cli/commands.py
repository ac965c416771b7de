"""What each verb of `closeloop` does; returns the exit code."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine

from chassis.audit_roots import RootStore
from chassis.audit_verify import Finding, verify
from chassis.identity import Trust
from closeloop_cli.business_time import SHANGHAI, BusinessTime, read_target
from closeloop_cli.demo import play
from closeloop_cli.runtime.layout import SIMULATORS, WITHOUT_HTTP, CannotRun, Layout
from closeloop_cli.runtime.memory import proportional_set_size
from closeloop_cli.runtime.readiness import ask
from closeloop_cli.runtime.system import System
from closeloop_cli.typed import typed

Command = Callable[[Layout, argparse.Namespace], int]
console = Console(highlight=False)


def up(layout: Layout, _options: argparse.Namespace) -> int:
    System(layout).up()
    console.print(f"Closeloop is up: {layout.gateway_url}/docs   ({typed('status')}, {typed('demo')}, {typed('down')})")
    return 0


def down(layout: Layout, options: argparse.Namespace) -> int:
    ended = System(layout).down(remove_data=options.remove_data)
    console.print(f"stopped: {', '.join(ended)}" if ended else "nothing was running")
    return 0


def demo(layout: Layout, options: argparse.Namespace) -> int:
    return play(layout, console, options.story, fresh=options.fresh)


def clock(layout: Layout, options: argparse.Namespace) -> int:
    time = BusinessTime(layout)
    if options.what != "now":
        if not System(layout).is_running():
            raise CannotRun(f"nothing is running: {typed('up')}")
        prefix = "+" if options.what == "move" and not options.target.startswith("+") else ""
        stops = time.move_to(read_target(prefix + options.target, time.now()))
        console.print(f"{stops} stops on the way")
    console.print(time.now().astimezone(SHANGHAI).isoformat(sep=" ", timespec="seconds"))
    return 0


def logs(layout: Layout, options: argparse.Namespace) -> int:
    for folder in (layout.logs, layout.server(options.program)):
        file = folder / f"{options.program}.log"
        if file.exists():
            with file.open(errors="replace") as lines:
                console.print("".join(deque(lines, options.n)), end="", markup=False)
            return 0
    raise CannotRun(f"there is no log of {options.program}: {', '.join(sorted(known_logs(layout)))}")


def known_logs(layout: Layout) -> Iterator[str]:
    yield from (file.stem for file in layout.logs.glob("*.log"))
    yield from (name for name in ("postgres", "redis", "broker") if (layout.server(name) / f"{name}.log").exists())


def status(layout: Layout, _options: argparse.Namespace) -> int:
    system = System(layout)
    if not system.is_running():
        console.print(f"nothing is running: {typed('up')}")
        return 1
    memory = proportional_set_size(layout)
    table = Table("program", "address", "state", "restarts", "memory", box=None)
    programs = system.state()["programs"]
    for name, record in programs.items():
        ready = readiness(layout, name) if record["state"] == "running" else str(record["state"])
        table.add_row(name, address(layout, name), ready, str(record["restarts"]), megabytes(memory.get(name, 0)))
    for name in ("postgres", "redis", "broker"):
        table.add_row(name, f"127.0.0.1:{layout.ports[name]}", "", "", megabytes(memory.get(name, 0)))
    console.print(table)
    console.print(f"memory (PSS): {megabytes(sum(memory.values()))}   data: {layout.folder}")
    for name in (each for each in SIMULATORS if each not in WITHOUT_HTTP):
        console.print(f"simulator {name}: {layout.simulator_url(name)}")
    return 0


def readiness(layout: Layout, name: str) -> str:
    if name == "simulators":
        return "ready"
    answer = ask(f"{layout.side_url(name)}/readyz") or {"why": ["no answer"]}
    return "; ".join(answer["why"]) or "ready"


def address(layout: Layout, name: str) -> str:
    if name == "simulators":
        return layout.simulator_url("hr")
    return layout.gateway_url if name == "gateway" else f"127.0.0.1:{layout.ports[f'{name}.grpc']}"


def megabytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MB"


def verify_audit(layout: Layout, _options: argparse.Namespace) -> int:
    """Exit code 1 when any chain was tampered with."""
    servers = System(layout).servers_found()
    trust, roots = Trust(layout.trust), RootStore(layout.audit.as_uri())
    found: list[tuple[str, Finding]] = []
    for service, url in servers.databases().items():
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
        with engine.connect() as connection:
            findings = verify(connection, roots.load(service, trust))
        engine.dispose()
        found += [(service, finding) for finding in findings]
        console.print(f"{service}: {'whole' if not findings else f'{len(findings)} findings'}")
    for service, finding in found:
        console.print(f"  {service} link {finding.seq}: {finding.kind}, {finding.detail}")
    return 1 if found else 0
