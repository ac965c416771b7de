"""The doors of slips, ledger and waiting deals."""

from __future__ import annotations

import grpc

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.common.v1.page_pb2 import PageInfo
from closeloop.incentives.v1 import slip_service_pb2 as slip_pb
from closeloop.incentives.v1 import slip_service_pb2_grpc as slip_grpc
from incentives import mapping
from incentives.deals.store import list_open
from incentives.ledger.store import list_entries
from incentives.slips import store as slips
from incentives.slips.confirm_slip import confirm_slip, find_slip
from incentives.slips.view_balance import may_see_balance, view_balance

Context = grpc.ServicerContext


class SlipService(Servicer, slip_grpc.SlipServiceServicer):
    def ListSlips(self, request: slip_pb.ListSlipsRequest, context: Context) -> slip_pb.ListSlipsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> slip_pb.ListSlipsResponse:
            found = slips.list_slips(
                tx,
                page,
                states=mapping.states_in(request.states),
                beneficiary_id=request.beneficiary_id,
                contract_number=request.contract_number,
                rule_id=request.rule_id,
            )
            rows, token = page.cut(found, lambda row: {"id": row.slip_id})
            return slip_pb.ListSlipsResponse(slips=[mapping.slip(row) for row in rows], page=PageInfo(next_token=token))

        return self.read(request, query)

    def GetSlip(self, request: slip_pb.GetSlipRequest, context: Context) -> slip_pb.GetSlipResponse:
        return self.read(request, lambda tx: slip_pb.GetSlipResponse(slip=mapping.slip(find_slip(tx, request.slip_id))))

    def ConfirmSlip(self, request: slip_pb.ConfirmSlipRequest, context: Context) -> slip_pb.ConfirmSlipResponse:
        def decide(tx: Transaction) -> slip_pb.ConfirmSlipResponse:
            return slip_pb.ConfirmSlipResponse(slip=mapping.slip(confirm_slip(tx, request.slip_id, request.etag)))

        return self.change(request, decide)

    def GetBalance(self, request: slip_pb.GetBalanceRequest, context: Context) -> slip_pb.GetBalanceResponse:
        at = mapping.instant_in(request.at) if request.HasField("at") else None
        return self.read(request, lambda tx: mapping.balance(view_balance(tx, request.employee_id, at)))

    def ListLedger(self, request: slip_pb.ListLedgerRequest, context: Context) -> slip_pb.ListLedgerResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> slip_pb.ListLedgerResponse:
            may_see_balance(tx, request.employee_id)
            rows, token = page.cut(
                list_entries(tx, request.employee_id, page),
                lambda row: {"at": row.effective_at.isoformat(), "id": row.entry_id},
            )
            return slip_pb.ListLedgerResponse(
                entries=[mapping.entry(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)

    def ListWaitingDeals(
        self, request: slip_pb.ListWaitingDealsRequest, context: Context
    ) -> slip_pb.ListWaitingDealsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> slip_pb.ListWaitingDealsResponse:
            rows, token = page.cut(list_open(tx, page), lambda row: {"key": row.deal_key})
            return slip_pb.ListWaitingDealsResponse(
                deals=[mapping.waiting(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)
