"""Orders of a month, and what people read of them through the real doors."""

from __future__ import annotations

from datetime import timedelta

from chassis.service import Service
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import slip_service_pb2 as pb
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub

from .terms_world import (
    MINUTE,
)
from .world import OPEN, SIGNED, order, slips

R = "ten-percent"
DAY = timedelta(days=1)


def deal(number: int, fen: int, *, version: int = 1, rep: str = "E1", cancelled: bool = False):  # type: ignore[no-untyped-def]
    """The n-th order of the month, some minutes after the one before."""
    gone = SIGNED + 15 * MINUTE if cancelled else None
    return order(
        f"SO-{number}", contract=f"CL-{number}", fen=fen, rep=rep, version=version, signed=SIGNED + number * MINUTE,
        cancelled=gone,
    )  # fmt: skip


def ledger(rpc: Rpc, service: Service, employee_id: str = "E1") -> list[tuple[str, int]]:
    stub = SlipServiceStub(rpc(service, as_=as_hq()))
    entries = stub.ListLedger(pb.ListLedgerRequest(employee_id=employee_id)).entries
    return sorted((each.kind, each.amount.fen) for each in entries)


def balance(rpc: Rpc, service: Service, employee_id: str = "E1") -> tuple[int, int, int]:
    stub = SlipServiceStub(rpc(service, as_=as_hq()))
    found = stub.GetBalance(pb.GetBalanceRequest(employee_id=employee_id))
    return found.earned.fen, found.held.fen, found.balance.fen


def lines(rpc: Rpc, service: Service, deal_key: str, who: str = "E1", held: bool = False) -> list[tuple[str, str]]:
    wanted = {pb.SLIP_STATE_HELD} if held else OPEN
    return [
        (line.code, line.text)
        for each in slips(rpc, service)
        if each.deal_key == deal_key and each.beneficiary_id == who and each.state in wanted
        for line in each.lines
    ]
