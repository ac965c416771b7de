"""Runs rules in the worker process and replaces it when a rule brought it down.

Guarantee: a call returns within its wall time whatever the rule does; a rule that runs too long or grows too big ends
the worker alone, and the next call finds a new one.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from incentives.evaluation.rules import TOO_BIG, TOO_LONG, CellProblem, Verdict, read_verdict

# A worker that answers nothing for so long is lost, however little processor time it got.
WALL_SECONDS = 10.0
GRACE_SECONDS = 0.2
# Models a worker holds before a fresh one takes over.
MOST_LOADED = 500
# Verdicts are pure: the same rule on the same order gives the same. Neighbours of a new order are judged again often.
MOST_REMEMBERED = 20_000


# Reading its own symbols for the first backtrace takes zen longer than a rule may run.
WITHOUT_BACKTRACES = {"RUST_BACKTRACE": "0", "RUST_LIB_BACKTRACE": "0"}


class WorkerGone(Exception):
    """The worker ended while it worked; `code` is its return code."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class _Worker:
    """One child process; it ends by itself when this process is gone, since its input closes."""

    def __init__(self, seconds: float, memory_mb: int) -> None:
        self.known: set[str] = set()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "incentives.evaluation.worker", str(seconds), str(memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **WITHOUT_BACKTRACES},
        )

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Raises WorkerGone."""
        channel = self._process.stdin
        if channel is None:
            raise WorkerGone(None)
        try:
            channel.write(json.dumps(request).encode() + b"\n")
            channel.flush()
            return dict(json.loads(self._line()))
        except (OSError, ValueError):
            raise WorkerGone(self.end()) from None

    def _line(self) -> bytes:
        """Raises OSError when the worker closes its end or the wall time is over."""
        source, got, until = self._process.stdout, bytearray(), time.monotonic() + WALL_SECONDS
        if source is None:
            raise OSError
        while not got.endswith(b"\n"):
            ready, _, _ = select.select([source], [], [], max(0.0, until - time.monotonic()))
            more = os.read(source.fileno(), 1 << 16) if ready else b""
            if not more:
                raise OSError
            got += more
        return bytes(got)

    def end(self) -> int:
        """The return code: what it ended with itself, else that of being killed."""
        if self._process.stdin is not None:
            _close(self._process.stdin)
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        code = self._process.wait()
        if self._process.stdout is not None:
            _close(self._process.stdout)
        return code


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:  # what was not written any more: the reader is gone
        return


class Evaluator:
    """Safe for many threads; one rule runs at a time."""

    def __init__(self, *, seconds: float, memory_mb: int) -> None:
        self._limits = seconds, memory_mb
        self._lock = Lock()
        self._verdicts: OrderedDict[tuple[str, str], Verdict] = OrderedDict()
        self._holder: list[_Worker] = []
        self._finish = weakref.finalize(self, _end_all, self._holder)

    def evaluate(self, digest: str, model: Mapping[str, Any], context: Mapping[str, Any]) -> Verdict:
        """The verdict of a model that compiles; `digest` names it."""
        asked = digest, json.dumps(context, sort_keys=True)
        with self._lock:
            if asked in self._verdicts:
                self._verdicts.move_to_end(asked)
                return self._verdicts[asked]
            verdict = self._judge(digest, model, context)
            self._remember(asked, verdict)
            return verdict

    def inspect(self, digest: str, model: Mapping[str, Any]) -> Sequence[CellProblem]:
        """Every cell compiled. Raises WorkerGone when the model brought the worker down."""
        with self._lock:
            return [_problem(each) for each in self._load(digest, model)]

    def close(self) -> None:
        self._finish()

    def _judge(self, digest: str, model: Mapping[str, Any], context: Mapping[str, Any]) -> Verdict:
        try:
            if self._load(digest, model):
                raise ValueError("only a model that compiles is evaluated")
            said = self._worker().ask({"key": digest, "context": context})
        except WorkerGone as gone:
            self._holder.clear()
            return Verdict(None, failures=(TOO_LONG if gone.code in _STOPPED_BY_TIME else TOO_BIG,))
        if "stopped" in said:
            return Verdict(None, failures=(TOO_BIG,))
        return read_verdict(said["result"], said["hits"], said["failures"])

    def _load(self, digest: str, model: Mapping[str, Any]) -> list[dict[str, Any]]:
        worker = self._worker()
        if digest in worker.known:
            return []
        if len(worker.known) >= MOST_LOADED:
            _end_all(self._holder)
            worker = self._worker()
        try:
            problems: list[dict[str, Any]] = worker.ask({"key": digest, "model": model}).get("problems", [])
        except WorkerGone:
            self._holder.clear()
            raise
        if not problems:
            worker.known.add(digest)
        return problems

    def _worker(self) -> _Worker:
        if not self._holder:
            self._holder.append(_Worker(*self._limits))
        return self._holder[0]

    def _remember(self, asked: tuple[str, str], verdict: Verdict) -> None:
        """A stop may have been the machine's fault: it is tried again next time."""
        if verdict.failures and not verdict.hits:
            return
        self._verdicts[asked] = verdict
        if len(self._verdicts) > MOST_REMEMBERED:
            self._verdicts.popitem(last=False)


_STOPPED_BY_TIME = {-signal.SIGPROF, -signal.SIGKILL, -signal.SIGXCPU}


def _problem(said: Mapping[str, Any]) -> CellProblem:
    return CellProblem(str(said["node"]), int(said.get("row", 0)), str(said["column"]), str(said["error"]))


def _end_all(workers: list[_Worker]) -> None:
    for each in workers:
        each.end()
    workers.clear()
