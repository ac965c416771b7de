"""What the gateway adds to a call, and a page of many leads.

`python -m bench.gateway_added`: one lead read by REST and by gRPC, one caller, in turns of 50 calls; the gRPC side is
the bare client without our retries and spans, the REST side a kept connection of the standard library. Then pages of 50
of 100,000 leads: the first one, newest first, and pages further in by their tokens. 100 calls of each warm up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import grpc

from bench.load import Taken
from bench.many_leads import fill, first_lead
from bench.people import HQ, hire
from bench.report import figure, machine, options, say
from bench.rest import Person
from bench.stand import Stand, open_stand
from chassis.rpc.client import headers
from chassis.testing.identity import as_hq
from closeloop.leads.v1 import lead_service_pb2 as pb
from closeloop.leads.v1.lead_service_pb2_grpc import LeadServiceStub

TURN = 50


@dataclass(frozen=True)
class Size:
    leads: int
    turns: int
    pages: int


FULL, QUICK = Size(100_000, 20, 400), Size(500, 1, 20)


def measure(stand: Stand, size: Size) -> None:
    hire(stand, 100)
    lead_id = first_lead(stand)
    person = Person(stand, HQ)
    single(stand, person, lead_id, size)
    fill(stand, size.leads, 100, lead_id)
    pages(stand, person, size)
    person.close()


def single(stand: Stand, person: Person, lead_id: str, size: Size) -> None:
    keyring, request = stand.keys.of("gateway"), pb.GetLeadRequest(lead_id=lead_id)
    with grpc.insecure_channel(f"127.0.0.1:{stand.programs['leads'].grpc_port}") as channel:
        stub = LeadServiceStub(channel)
        by_grpc, by_rest, nothing = Taken(), Taken(), Taken()
        work, calls = stand.work(), 0
        for turn in range(size.turns + 2):
            metadata = tuple(headers(keyring.sign(as_hq(HQ)), 10.0))  # good for 60 seconds
            warm = turn < 2

            def ask(metadata: tuple[tuple[str, str], ...] = metadata) -> object:
                return stub.GetLead(request, timeout=10, metadata=metadata)

            _time(ask, nothing if warm else by_grpc)
            _time(lambda: person.get(f"/api/v1/leads/{lead_id}"), nothing if warm else by_rest)
            calls += 2 * TURN
    say(f"one lead by gRPC: {by_grpc}")
    say(f"one lead by REST: {by_rest}")
    say(f"  {work.per(calls)}")
    added = by_rest.percentile(0.5) - by_grpc.percentile(0.5)
    added_p95 = by_rest.percentile(0.95) - by_grpc.percentile(0.95)
    ratio = by_rest.percentile(0.5) / by_grpc.percentile(0.5)
    figure("added by the gateway to one lead", f"p50 {added:.2f} ms, p95 {added_p95:.2f} ms", "p50 <= 1.5 ms",
           f"REST to gRPC {ratio:.2f}")  # fmt: skip


def pages(stand: Stand, person: Person, size: Size) -> None:
    taken, token = Taken(), ""
    work = stand.work()
    for number in range(size.pages):
        path = "/api/v1/leads?page.size=50" + (f"&page.token={token}" if token else "")
        began = perf_counter()
        answer = person.get(path)
        if number >= size.pages // 4:
            taken.seconds.append(perf_counter() - began)
        assert len(answer["leads"]) == 50 or not answer["page"]["nextToken"]
        token = answer["page"]["nextToken"] if number % 2 else ""
    figure(f"page of 50 of {size.leads} leads by REST", str(taken), "p95 < 50 ms")
    say(f"  {work.per(size.pages)}")


def _time(call: Callable[[], object], taken: Taken) -> None:
    for _ in range(TURN):
        began = perf_counter()
        call()
        taken.seconds.append(perf_counter() - began)


def main() -> int:
    asked = options(__doc__ or "")
    machine()
    with open_stand() as stand:
        stand.start("integration", "leads", gateway=True)
        measure(stand, QUICK if asked.quick else FULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
