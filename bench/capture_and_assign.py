"""Capture and assignment (LD3.12): how soon a lead has its owner, and how many a second, against PostgreSQL alone.

`python -m bench.capture_and_assign [--profile …/py-spy] [--roles apart]`: 10,000 reps in teams of 20 with territories;
leads and integration as processes (`--roles apart`: one for each role), the real directory probed. First 50 leads/s in
an open loop by gRPC, then 32 callers in a closed loop by gRPC and by REST (two slices of each in turns), then `pgbench`
with 32 clients running the statements of one such call. A warm-up of 100 captures goes before.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any

from google.protobuf.json_format import MessageToDict

from bench.captures import Captures, by_grpc
from bench.crowd import grow
from bench.load import Call, Taken, closed_loop, open_loop
from bench.people import HQ, renew
from bench.report import figure, machine, options, say
from bench.rest import Person
from bench.stand import APART, Stand, open_stand
from bench.statements import Recorded, kinds, pgbench, recording, script
from bench.where import profile
from chassis.config import Mode
from chassis.testing.identity import as_hq
from chassis.testing.rpc import channel_to, rpc_server
from closeloop.leads.v1.capture_service_pb2_grpc import CaptureServiceStub
from leads.bootstrap import build
from leads.settings import LeadsSettings

CALLERS, RATE = 32, 50
GRPC_GOAL, REST_GOAL = 0.35, 0.15


@dataclass(frozen=True)
class Size:
    reps: int
    warm_up: int
    open_seconds: float
    slice_seconds: float
    slices: int


FULL, QUICK = Size(10_000, 100, 6, 4, 2), Size(100, 5, 1, 1, 1)


def measure(stand: Stand, size: Size, py_spy: str) -> None:
    grow(stand, size.reps)
    with by_grpc(stand) as stubs:
        warm = Captures(1)
        for number in range(size.warm_up):
            stubs[number % len(stubs)].CaptureLead(warm.request(number))
        _open_loop(stand, stubs, size)
        renew(stand)
        by_door = _closed_loops(stand, stubs, size)
        if py_spy:
            _profile(stand, stubs, size, py_spy)
    recorded, owner = _record(stand)
    for each in stand.programs.values():
        each.end()  # the limit has the cores to itself
    file = stand.folder / "capture.sql"
    file.write_text(script(recorded, _drawn(owner, size.reps)))
    limit = pgbench(stand.databases["leads"].url, file, CALLERS, max(2.0, size.slice_seconds))
    counted = ", ".join(f"{number} {kind}" for kind, number in Counter(kinds(recorded)).most_common())
    say(f"one capture with its assignment sends {recorded.count} statements: {counted}")
    figure(f"pgbench, the same statements, {CALLERS} clients", f"{limit:.0f} tx/s")
    for door, goal in (("gRPC", GRPC_GOAL), ("REST", REST_GOAL)):
        speed = median(each.per_second for each in by_door[door])
        name = f"capture and assignment, {CALLERS} callers by {door}"
        figure(name, f"{speed:.1f}/s, {by_door[door][-1]}", f"{goal} of pgbench", f"{speed / limit:.3f}")


def _open_loop(stand: Stand, stubs: Sequence[CaptureServiceStub], size: Size) -> None:
    work = stand.work()
    taken = open_loop(_grpc(stubs, Captures(2)), RATE, size.open_seconds)
    figure(f"capture → owner, {RATE}/s open loop, {size.reps} reps", str(taken), "p99 < 100 ms")
    say(f"  {work.per(len(taken.seconds))}")


def _closed_loops(stand: Stand, stubs: Sequence[CaptureServiceStub], size: Size) -> dict[str, list[Taken]]:
    """The doors take turns, so that a machine that is busy with other things slows both alike."""
    first = Person(stand, HQ)
    people = [Person(stand, HQ, first.token) for _ in range(CALLERS)]
    found: dict[str, list[Taken]] = {"gRPC": [], "REST": []}
    for turn in range(size.slices):
        for door in found:
            leads = Captures((10 if door == "gRPC" else 20) + turn)
            send = {"gRPC": _grpc(stubs, leads), "REST": _rest(people, leads)}[door]
            work = stand.work()
            taken = closed_loop(send, CALLERS, size.slice_seconds)
            found[door].append(taken)
            say(f"  {door}: {taken.per_second:.1f}/s; {work.per(len(taken.seconds))}")
    for each in (first, *people):
        each.close()
    return found


def _profile(stand: Stand, stubs: Sequence[CaptureServiceStub], size: Size, py_spy: str) -> None:
    """Of a slice that no figure is taken from."""
    with ThreadPoolExecutor(1) as pool:
        pids = {name: each.pid for name, each in stand.programs.items()}
        lines = pool.submit(lambda: list(profile(py_spy, pids, size.slice_seconds * 2, stand.folder)))
        closed_loop(_grpc(stubs, Captures(30)), CALLERS, size.slice_seconds * 2)
        for line in lines.result():
            say(line)


def _grpc(stubs: Sequence[CaptureServiceStub], leads: Captures) -> Call:
    return lambda number: stubs[number % len(stubs)].CaptureLead(leads.request(number))


def _rest(people: list[Person], leads: Captures) -> Call:
    def send(number: int) -> None:
        request: dict[str, Any] = MessageToDict(leads.request(number))
        key, person = str(request.pop("requestId")), people.pop()
        try:
            person.post("/api/v1/leads", request, key)
        finally:
            people.append(person)

    return send


def _record(stand: Stand) -> tuple[Recorded, str]:
    """One capture of the real service, wired in this process on the same database; and who got the lead."""
    settings = LeadsSettings(
        mode=Mode.LOCAL,
        database_url=stand.databases["leads"].url,
        signing_key=stand.keys.path("leads"),
        trust=stand.keys.trust,
        clock_file=stand.folder / "clock.json",
        files_url=(stand.folder / "files").as_uri(),
        peers={"integration": f"127.0.0.1:{stand.programs['integration'].grpc_port}"},
    )
    service, leads = build(settings), Captures(9)
    try:
        with (
            rpc_server(service, stand.keys, name="leads") as server,
            channel_to(server, stand.keys, as_hq(HQ)) as channel,
        ):
            stub = CaptureServiceStub(channel)
            for number in range(5):
                stub.CaptureLead(leads.request(number))
            database = service.runtime.database
            with recording(database.engine, database.url) as recorded:
                answer = stub.CaptureLead(leads.request(5))
            return recorded, str(answer.lead.owner_id)
    finally:
        service.runtime.close()


def _drawn(owner: str, reps: int) -> dict[str, str]:
    """What differs from one capture to the next beside ids: the keys of the lead and the rep who wins it."""
    key = Captures(9).key(5)
    return {
        f"bench-{key}": "'bench-' || :n",
        f"138{key:08d}": "'13' || lpad(:n::text, 9, '0')",
        owner: f"'E' || lpad((:n % {reps})::text, 6, '0')",
    }


def main() -> int:
    asked = options(__doc__ or "", profile="path of py-spy", roles=APART)
    machine()
    with open_stand() as stand:
        stand.start("integration", "leads", gateway=True, roles_apart=asked.roles == "apart")
        measure(stand, QUICK if asked.quick else FULL, asked.profile)
    return 0


if __name__ == "__main__":
    sys.exit(main())
