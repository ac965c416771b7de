"""The doors of deals."""

from __future__ import annotations

import grpc

from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.incentives.v1 import deal_service_pb2 as pb
from closeloop.incentives.v1 import deal_service_pb2_grpc as deal_grpc
from incentives.api import encode_terms
from incentives.deals.record_split import record_split
from incentives.deals.view_deal import view_deal

Context = grpc.ServicerContext


class DealService(Servicer, deal_grpc.DealServiceServicer):
    def GetDeal(self, request: pb.GetDealRequest, context: Context) -> pb.GetDealResponse:
        return self.read(
            request, lambda tx: pb.GetDealResponse(deal=encode_terms.deal(view_deal(tx, request.deal_key)))
        )

    def RecordDealSplit(self, request: pb.RecordDealSplitRequest, context: Context) -> pb.RecordDealSplitResponse:
        shares = {each.employee_id: each.basis_points for each in request.shares}

        def decide(tx: Transaction) -> pb.RecordDealSplitResponse:
            record_split(tx, request.deal_key, shares, len(request.shares), request.reason)
            return pb.RecordDealSplitResponse(deal=encode_terms.deal(view_deal(tx, request.deal_key)))

        return self.change(request, decide)
