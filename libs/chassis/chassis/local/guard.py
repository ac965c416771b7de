"""Runs one server as its child and stops it when the owner's end of the pipe closes.

Started as a plain script. A pipe, and not PR_SET_PDEATHSIG: that signal follows the *thread* that forked and is
dropped when the user changes, so it fails both with worker threads and with root → nobody. A closed pipe tells of
every death of the owner, SIGKILL included.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any


def spawn(plan: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the server in its own session, so that Ctrl-C in a terminal does not reach it."""
    account = {} if plan["uid"] is None else {"user": plan["uid"], "group": plan["gid"], "extra_groups": []}
    with Path(plan["log"]).open("ab") as log:
        return subprocess.Popen(
            plan["argv"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=plan["env"],
            start_new_session=True,
            umask=0o077,
            **account,
        )


def stop_with_owner(child: subprocess.Popen[bytes], plan: dict[str, Any]) -> None:
    sys.stdin.buffer.read()  # returns at end of file: the owner closed the pipe or is gone
    child.send_signal(plan["stop_signal"])
    try:
        child.wait(plan["grace"])
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)


def main() -> int:
    plan = json.loads(sys.argv[1])
    child = spawn(plan)
    sys.stdout.write(f"{child.pid}\n")
    sys.stdout.flush()
    threading.Thread(target=stop_with_owner, args=(child, plan), daemon=True).start()
    child.wait()
    if plan["remove"]:
        shutil.rmtree(plan["remove"], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
