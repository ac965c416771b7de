"""Starts and ends the whole system."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from chassis.local.process import answers
from closeloop_cli.company.contracts import ACCOUNT
from closeloop_cli.company.write import write_company
from closeloop_cli.runtime.births import Born
from closeloop_cli.runtime.keys import make_keys
from closeloop_cli.runtime.layout import CannotRun, Layout, Program
from closeloop_cli.runtime.readiness import wait_until_ready
from closeloop_cli.runtime.servers import Servers
from closeloop_cli.runtime.snapshot import digest_of

GRACE = 30.0


@dataclass(frozen=True)
class Maker:
    """Writes a company into a folder. `made_of`: the files that decide what it writes."""

    write: Callable[[Path], None]
    made_of: tuple[str, ...]


THE_COMPANY = Maker(write_company, ("tools/closeloop_cli/company/*.py",))


class System:
    def __init__(self, layout: Layout, maker: Maker = THE_COMPANY) -> None:
        self.layout = layout
        self._maker = maker
        self._importing: subprocess.Popen[str] | None = None

    @property
    def servers(self) -> Servers:
        return Servers(self.layout)

    def up(self) -> None:
        """Everything, in any state it was left in. What runs already is left running. Raises CannotRun."""
        self.prepare()
        if self.is_running():
            self.servers.start()
            return
        self.import_programs()
        self.servers.start()
        self.start_programs()

    def prepare(self) -> None:
        layout = self.layout
        layout.folder.mkdir(parents=True, exist_ok=True)
        if not self.is_running() and not self.leftovers():
            self.check_gateway_port()
            if not self.servers_run():
                layout.renew_ports()
        layout.keep_ports()
        for folder in (layout.logs, layout.files, layout.audit):
            folder.mkdir(parents=True, exist_ok=True)
        make_keys(layout)
        self.write_company()
        if not layout.systems.exists():
            shutil.copytree(layout.company / "systems", layout.systems)

    def write_company(self) -> None:
        """Once for each version of what makes it up."""
        company, mark = self.layout.company, self.layout.company / "made-by"
        made_of = digest_of(*self._maker.made_of)
        if not mark.exists() or mark.read_text() != made_of:
            shutil.rmtree(company, ignore_errors=True)
            self._maker.write(company)
            mark.write_text(made_of)

    def servers_run(self) -> bool:
        return any((self.layout.server(name) / f"{name}.pid").exists() for name in ("postgres", "redis", "broker"))

    def check_gateway_port(self) -> None:
        port = self.layout.ports["gateway"]
        if answers(port):
            raise CannotRun(
                f"Port {port} is taken by another program: choose one, CLOSELOOP_GATEWAY_PORT=8090 make demo"
            )

    def plan(self) -> list[Program]:
        return self.layout.programs(self.servers_found().databases(), [ACCOUNT])

    def servers_found(self) -> Servers:
        """Servers that run already, found by their pid files."""
        servers = self.servers
        servers.start()
        return servers

    def import_programs(self) -> None:
        """Lets the next supervisor import the programs while something else goes on; `start_programs` starts them."""
        layout, module = self.layout, "closeloop_cli.runtime.supervisor"
        files = [str(layout.plan), str(layout.processes), str(layout.logs)]
        with (layout.logs / "supervisor.log").open("ab") as log:
            self._importing = subprocess.Popen(
                [sys.executable, "-m", module, *files, "--import", *layout.modules],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                text=True,
            )

    def start_programs(self) -> None:
        """Ends what an earlier supervisor left behind, then starts everything and waits until it is ready."""
        self.stop_programs()
        if self._importing is None:
            self.import_programs()
        layout, programs = self.layout, self.plan()
        layout.plan.write_text(json.dumps([asdict(program) for program in programs]))
        layout.plan.chmod(0o600)
        self._go()
        try:
            wait_until_ready(layout, programs)
        except CannotRun:
            self.stop_programs(at_once=True)
            raise

    def _go(self) -> None:
        supervisor, self._importing = self._importing, None
        if supervisor is not None and supervisor.stdin is not None:
            with contextlib.suppress(BrokenPipeError), supervisor.stdin as wire:  # its log says why it has ended
                wire.write("start\n")

    def stop_programs(self, *, at_once: bool = False) -> None:
        """`at_once`: nothing is drained, for data that will be thrown away."""
        state = self.state()
        if not state:
            return
        supervisor, programs = self.born(state)
        if at_once:
            supervisor.send(signal.SIGKILL)
            supervisor.gone_within(5)
            for program in programs:
                program.send(signal.SIGKILL)
        else:
            supervisor.send(signal.SIGTERM)
            supervisor.gone_within(GRACE)
        for program in programs:
            program.end(GRACE)
        self.layout.processes.unlink(missing_ok=True)

    def down(self, *, remove_data: bool) -> list[str]:
        """What it ended, in words."""
        ended = ["programs"] if self.state() else []
        self.stop_programs()
        if self.layout.folder.exists():
            ended += ["servers"] if self.servers_run() else []
            self.servers.stop()
        if remove_data and self.layout.folder.exists():
            shutil.rmtree(self.layout.folder)
            ended.append("data")
        return ended

    def state(self) -> dict[str, dict[str, dict[str, object]]]:
        try:
            return dict(json.loads(self.layout.processes.read_text()))
        except (FileNotFoundError, ValueError):
            return {}

    def born(self, state: dict[str, dict[str, dict[str, object]]]) -> tuple[Born, list[Born]]:
        def one(record: object) -> Born:
            fields = dict(record) if isinstance(record, dict) else {}
            return Born(int(fields["pid"]), str(fields["birth"]))

        programs = [one(record) for record in state["programs"].values() if record["pid"]]
        return one(state["supervisor"]), programs

    def is_running(self) -> bool:
        state = self.state()
        return bool(state) and self.born(state)[0].lives()

    def leftovers(self) -> bool:
        state = self.state()
        return bool(state) and any(program.lives() for program in self.born(state)[1])

    def wait_for_restart(self, name: str, restarts: int) -> None:
        """Until a program has died once more than `restarts` times and is back and ready. Raises CannotRun."""
        give_up = time.monotonic() + GRACE
        while int(str(self.state()["programs"][name]["restarts"])) <= restarts:
            if time.monotonic() > give_up:
                raise CannotRun(f"{name} was to die and did not")
            time.sleep(0.05)
        wait_until_ready(self.layout, [program for program in self.plan() if program.name == name])

    def empty_broker(self) -> None:
        """A broker without a past, for a company that is brought back to an earlier state."""
        self.servers_found().empty_broker()
