"""Leads that come in: the request of one capture, and stubs that send it by gRPC."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from bench.people import HQ, near
from bench.stand import Stand
from chassis.rpc.client import Channel
from chassis.testing.identity import as_hq
from closeloop.leads.v1 import capture_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.capture_service_pb2_grpc import CaptureServiceStub


class Captures:
    """Each number is a lead of its own; `series` keeps several runs on one stand apart."""

    def __init__(self, series: int) -> None:
        self._series = series
        self._chance = random.Random(series)

    def key(self, number: int) -> int:
        return self._series * 1_000_000 + number

    def request(self, number: int) -> pb.CaptureLeadRequest:
        key = self.key(number)
        return pb.CaptureLeadRequest(
            request_id=f"bench-{key}",
            company_name=f"压测第{key}公司",
            contact_name="王工",
            channel="website",
            phone=f"138{key:08d}",
            industry="医疗",
            qualification=lead_pb2.Qualification(
                first_touch_due_hours=24, budget_confirmed=number % 3 == 0, decision_chain=["总经理"]
            ),
            need="采购一台设备",
            **near(number, self._chance),
        )


@contextmanager
def by_grpc(stand: Stand, channels: int = 8) -> Iterator[list[CaptureServiceStub]]:
    """Several channels, as several gateways would have."""
    opened: list[Channel] = [stand.channel("leads", as_hq(HQ)) for _ in range(channels)]
    try:
        yield [CaptureServiceStub(each) for each in opened]
    finally:
        for each in opened:
            each.close()
