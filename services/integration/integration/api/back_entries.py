"""BackEntryService: decode, call, encode."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from chassis.files import FileStore
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.integration.v1 import back_entry_service_pb2 as pb
from closeloop.integration.v1 import back_entry_service_pb2_grpc as pb_grpc
from integration.back_entries.approve_back_entry import approve_back_entry
from integration.back_entries.draft_back_entry import draft_back_entry, look_at_scan
from integration.back_entries.move_back_entry import refuse_back_entry, submit_back_entry, withdraw_back_entry
from integration.back_entries.read_back_entries import get_back_entry, list_back_entries
from integration.claiming.policy import ClaimingPolicy
from integration.mapping import back_entries as mapping
from integration.mapping.common import page_info

Context = grpc.ServicerContext


class BackEntryService(Servicer, pb_grpc.BackEntryServiceServicer):
    def __init__(self, uow: UnitOfWork, policy: Callable[[], ClaimingPolicy], files: FileStore) -> None:
        super().__init__(uow)
        self._policy = policy
        self._files = files

    def DraftBackEntry(self, request: pb.DraftBackEntryRequest, context: Context) -> pb.DraftBackEntryResponse:
        voucher = mapping.voucher_in(request)
        look_at_scan(self._files, voucher.scan_file_id)
        return self.change(
            request, lambda tx: pb.DraftBackEntryResponse(back_entry=mapping.back_entry(draft_back_entry(tx, voucher)))
        )

    def SubmitBackEntry(self, request: pb.SubmitBackEntryRequest, context: Context) -> pb.SubmitBackEntryResponse:
        def decide(tx: Transaction) -> pb.SubmitBackEntryResponse:
            row = submit_back_entry(tx, request.back_entry_id)
            return pb.SubmitBackEntryResponse(back_entry=mapping.back_entry(row))

        return self.change(request, decide)

    def ApproveBackEntry(self, request: pb.ApproveBackEntryRequest, context: Context) -> pb.ApproveBackEntryResponse:
        def decide(tx: Transaction) -> pb.ApproveBackEntryResponse:
            row = approve_back_entry(tx, request.back_entry_id, self._policy())
            return pb.ApproveBackEntryResponse(back_entry=mapping.back_entry(row))

        return self.change(request, decide)

    def RefuseBackEntry(self, request: pb.RefuseBackEntryRequest, context: Context) -> pb.RefuseBackEntryResponse:
        def decide(tx: Transaction) -> pb.RefuseBackEntryResponse:
            row = refuse_back_entry(tx, request.back_entry_id, request.reason)
            return pb.RefuseBackEntryResponse(back_entry=mapping.back_entry(row))

        return self.change(request, decide)

    def WithdrawBackEntry(self, request: pb.WithdrawBackEntryRequest, context: Context) -> pb.WithdrawBackEntryResponse:
        def decide(tx: Transaction) -> pb.WithdrawBackEntryResponse:
            row = withdraw_back_entry(tx, request.back_entry_id, request.reason)
            return pb.WithdrawBackEntryResponse(back_entry=mapping.back_entry(row))

        return self.change(request, decide)

    def GetBackEntry(self, request: pb.GetBackEntryRequest, context: Context) -> pb.GetBackEntryResponse:
        def query(tx: Transaction) -> pb.GetBackEntryResponse:
            return pb.GetBackEntryResponse(back_entry=mapping.back_entry(get_back_entry(tx, request.back_entry_id)))

        return self.read(request, query)

    def ListBackEntries(self, request: pb.ListBackEntriesRequest, context: Context) -> pb.ListBackEntriesResponse:
        page = Page.of(request.page)
        states = [mapping.STATES_IN[each] for each in request.states if each in mapping.STATES_IN]

        def query(tx: Transaction) -> pb.ListBackEntriesResponse:
            rows, token = list_back_entries(tx, page, states, unconfirmed_only=request.unconfirmed_only)
            told = [mapping.back_entry(row) for row in rows]
            return pb.ListBackEntriesResponse(back_entries=told, page=page_info(token))

        return self.read(request, query)
