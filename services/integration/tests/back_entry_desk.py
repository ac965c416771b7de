"""A finance desk for tests: three people, vouchers, and the bank that may tell of them later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chassis.kernel.ids import new_id
from chassis.testing.identity import identity
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import back_entry_service_pb2 as pb
from closeloop.integration.v1 import back_entry_service_pb2_grpc as pb_grpc
from integration.jobs import App
from services.integration.tests.conftest import World

CLERK = identity("E00800", duties=("finance",), level="company", unit="/HQ/")
SUPERVISOR = identity("E00801", duties=("finance", "finance_supervisor"), level="company", unit="/HQ/")
DIRECTOR = identity("E00300", duties=("director",), level="team", unit="/HQ/EAST/")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@dataclass
class Desk:
    world: World
    rpc: Rpc

    def as_(self, who: Any) -> pb_grpc.BackEntryServiceStub:
        return pb_grpc.BackEntryServiceStub(self.rpc(self.world.service, as_=who))

    def scan(self, content: bytes = PNG, name: str = "voucher.png") -> str:
        app: App = self.world.service.app
        return app.files.put([content], name, 1 << 20).id

    def voucher(self, number: str = "PZ-2026-0031", **changes: Any) -> pb.DraftBackEntryRequest:
        told: dict[str, Any] = {
            "request_id": new_id(),
            "voucher_number": number,
            "scan_file_id": self.scan(),
            "account": "6222",
            "booked_on": "2026-03-10",
            "bank_serial": "0003",
            "amount": {"fen": 5_200_000, "currency": "CNY"},
            "payer_name": "杭州市财政局",
            "reason": "银企直连升级，流水缺失",
        }
        return pb.DraftBackEntryRequest(**(told | changes))

    def draft(self, number: str = "PZ-2026-0031", who: Any = CLERK, **changes: Any) -> pb.BackEntry:
        return self.as_(who).DraftBackEntry(self.voucher(number, **changes)).back_entry

    def submit(self, entry: pb.BackEntry, who: Any = CLERK) -> pb.BackEntry:
        asked = pb.SubmitBackEntryRequest(request_id=f"submit {entry.back_entry_id}", back_entry_id=entry.back_entry_id)
        return self.as_(who).SubmitBackEntry(asked).back_entry

    def approve(self, entry: pb.BackEntry, who: Any, request_id: str = "") -> pb.BackEntry:
        asked = pb.ApproveBackEntryRequest(request_id=request_id or new_id(), back_entry_id=entry.back_entry_id)
        return self.as_(who).ApproveBackEntry(asked).back_entry

    def refuse(self, entry: pb.BackEntry, who: Any) -> pb.BackEntry:
        key = f"refuse {entry.back_entry_id} {who.subject}"
        asked = pb.RefuseBackEntryRequest(request_id=key, back_entry_id=entry.back_entry_id, reason="凭证模糊")
        return self.as_(who).RefuseBackEntry(asked).back_entry

    def withdraw(self, entry: pb.BackEntry, who: Any = CLERK) -> pb.BackEntry:
        key = f"withdraw {entry.back_entry_id} {who.subject}"
        asked = pb.WithdrawBackEntryRequest(request_id=key, back_entry_id=entry.back_entry_id, reason="录错")
        return self.as_(who).WithdrawBackEntry(asked).back_entry

    def load(self, entry: pb.BackEntry) -> pb.BackEntry:
        return self.as_(CLERK).GetBackEntry(pb.GetBackEntryRequest(back_entry_id=entry.back_entry_id)).back_entry

    def submitted(self, number: str = "PZ-2026-0031", **changes: Any) -> pb.BackEntry:
        return self.submit(self.draft(number, **changes))

    def posted(self, number: str = "PZ-2026-0031", **changes: Any) -> pb.BackEntry:
        entry = self.approve(self.submitted(number, **changes), SUPERVISOR)
        return self.approve(entry, DIRECTOR)
