"""CheckStatus (N3.1): how soon and how often the directory answers, against a bare gRPC echo of the same message.

`python -m bench.check_status`: 10,000 employees. Batches of 5 (what an assignment asks) and of 100; 100/s in an open
loop, then 8 callers in a closed loop, the directory and the echo in turns, three slices of each, by the same client.
200 calls warm up.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import grpc

from bench.load import Taken, closed_loop, open_loop
from bench.people import hire, rep
from bench.report import figure, machine, options, say
from bench.stand import TIED, Stand, open_stand
from chassis.identity import of_service
from chassis.local.ports import free_port
from chassis.rpc.client import headers
from closeloop.integration.v1 import directory_service_pb2 as pb
from closeloop.integration.v1.directory_service_pb2_grpc import DirectoryServiceStub

RATE, CALLERS, GOAL = 100, 8, 0.5
Ask = Callable[[int], object]


@dataclass(frozen=True)
class Size:
    employees: int
    seconds: float
    slices: int


FULL, QUICK = Size(10_000, 5, 3), Size(100, 0.5, 1)


@contextmanager
def echo() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([*TIED, sys.executable, "-m", "bench.directory_echo", str(port)])
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            grpc.channel_ready_future(channel).result(60)
        yield port
    finally:
        process.kill()
        process.wait()


def measure(stand: Stand, echo_port: int, size: Size) -> None:
    hire(stand, size.employees)
    own = stand.programs["integration"].grpc_port
    with (
        grpc.insecure_channel(f"127.0.0.1:{own}") as directory,
        grpc.insecure_channel(f"127.0.0.1:{echo_port}") as bare,
    ):
        stubs = DirectoryServiceStub(directory), DirectoryServiceStub(bare)
        for batch in (5, 100):
            _one_batch(stand, stubs, batch, size)


def _one_batch(stand: Stand, stubs: tuple[DirectoryServiceStub, DirectoryServiceStub], batch: int, size: Size) -> None:
    asks = [_asking(stand, stub, batch, size.employees) for stub in stubs]
    for number in range(200):
        asks[0](number)
    late = open_loop(asks[0], RATE, size.seconds)
    figure(f"CheckStatus of {batch}, {RATE}/s open loop", str(late), "p99 < 5 ms")
    found: tuple[list[Taken], list[Taken]] = ([], [])
    for _ in range(size.slices):
        for taken, send in zip(found, (_asking(stand, stub, batch, size.employees) for stub in stubs), strict=True):
            work = stand.work()
            taken.append(closed_loop(send, CALLERS, size.seconds / size.slices))
            if taken is found[0]:
                say(f"  {work.per(len(taken[-1].seconds))}")
    directory, bare = (median(each.per_second for each in taken) for taken in found)
    figure(f"CheckStatus of {batch}, {CALLERS} callers", f"{directory:.0f}/s, {found[0][-1]}; bare echo {bare:.0f}/s",
           f"{GOAL} of the bare echo", f"{directory / bare:.2f}")  # fmt: skip


def _asking(stand: Stand, stub: DirectoryServiceStub, batch: int, employees: int) -> Ask:
    """With a token good for the next minute."""
    metadata, chance = headers(stand.keys.of("leads").sign(of_service("leads")), 10.0), random.Random(batch)
    batches = [[rep(chance.randrange(employees)) for _ in range(batch)] for _ in range(64)]
    requests = [pb.CheckStatusRequest(employee_ids=each) for each in batches]
    return lambda number: stub.CheckStatus(requests[number % 64], timeout=10, metadata=tuple(metadata))


def main() -> int:
    asked = options(__doc__ or "")
    machine()
    with open_stand() as stand, echo() as port:
        stand.keys.of("leads")
        stand.start("integration")
        measure(stand, port, QUICK if asked.quick else FULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
