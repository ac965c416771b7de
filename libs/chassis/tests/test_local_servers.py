from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from chassis.local import LocalBroker, LocalPostgres, LocalRedis, PortBusy, ServerFailed
from chassis.local.ports import free_port
from chassis.local.process import answers
from chassis.local.server import LocalServer

SERVERS: list[type[LocalServer]] = [LocalPostgres, LocalRedis, LocalBroker]


def wait_for(condition: Callable[[], object], seconds: float = 15) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not come true"
        time.sleep(0.02)


@pytest.mark.spec("P4.1")
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_starts_stops_and_starts_again_in_its_folder(server: type[LocalServer], server_folder: Path) -> None:
    local = server(server_folder / f"again-{server.name}")
    for _ in range(2):
        with local:
            assert answers(local.port)
            port = local.port
        assert not answers(port)


@pytest.mark.spec("P4.1")
@pytest.mark.parametrize("server", SERVERS)
def test_a_killed_owner_leaves_neither_process_nor_file(server: type[LocalServer], server_folder: Path) -> None:
    script = f"""
        import sys, threading
        from chassis.local import {server.__name__}
        def start():
            server = {server.__name__}(sys.argv[1], ephemeral=True).start()
            print(server.process.pid, server.port, flush=True)
        thread = threading.Thread(target=start)  # the thread that starts it ends long before the process
        thread.start(); thread.join()
        sys.stdin.read()
    """
    folder = server_folder / f"orphan-{server.name}"
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner.stdin, owner.stdout:
        pid, port = (int(word) for word in owner.stdout.readline().split())
        assert answers(port)
        owner.kill()
        owner.wait()
    wait_for(lambda: not Path(f"/proc/{pid}").exists() and not folder.exists())
    assert not answers(port)


@pytest.mark.spec("P4.1")
def test_a_killed_owner_leaves_no_folder_even_with_a_running_server_in_it() -> None:
    script = """
        import sys
        from chassis.local import LocalRedis, temporary_folder
        with temporary_folder("closeloop-killed-") as folder:
            LocalRedis(folder / "redis").start()
            print(folder, flush=True)
            sys.stdin.read()
    """
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner.stdin, owner.stdout:
        folder = Path(owner.stdout.readline().strip())
        assert (folder / "redis").is_dir()
        owner.kill()
        owner.wait()
    wait_for(lambda: not folder.exists())


@pytest.mark.parametrize("server", SERVERS)
def test_a_detached_server_is_found_and_stopped_by_another_process(
    server: type[LocalServer], server_folder: Path
) -> None:
    folder = server_folder / f"detached-{server.name}"
    port = free_port()
    start = f"{server.__name__}({str(folder)!r}, {port}, detached=True).start()"
    script = f"from chassis.local import {server.__name__}; {start}"
    subprocess.run([sys.executable, "-c", script], check=True)
    assert answers(port)
    again = server(folder, detached=True).start()
    assert again.port == port
    server(folder, detached=True).stop()
    assert not answers(port)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down")
def test_as_root_the_server_runs_as_nobody(postgres: LocalPostgres) -> None:
    assert Path(f"/proc/{postgres.process.pid}").stat().st_uid == postgres.account.uid != 0


@pytest.mark.spec("P4.1")
def test_a_busy_port_gets_one_clear_line(server_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortBusy, match=f"^port {port} for redis is in use by another process"):
            LocalRedis(server_folder / "busy", port).start()


def test_a_server_that_cannot_start_tells_the_end_of_its_log(server_folder: Path) -> None:
    folder = server_folder / "broken"
    with LocalPostgres(folder):
        pass
    (folder / "data" / "postgresql.auto.conf").write_text("max_connections = 'many'\n")
    with pytest.raises(ServerFailed, match="invalid value for parameter"):
        LocalPostgres(folder).start()


def test_committed_rows_survive_a_kill_of_the_server(server_folder: Path) -> None:
    local = LocalPostgres(server_folder / "killed").start()
    with psycopg.connect(local.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    os.kill(local.process.pid, signal.SIGKILL)
    wait_for(lambda: not local.process.alive())
    local.stop()
    with LocalPostgres(server_folder / "killed") as again, psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]
