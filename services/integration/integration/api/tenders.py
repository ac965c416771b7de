"""TenderService: decode, call, encode."""

from __future__ import annotations

import grpc

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.integration.v1 import tender_service_pb2 as pb
from closeloop.integration.v1 import tender_service_pb2_grpc as pb_grpc
from integration.mapping import tenders as mapping
from integration.mapping.common import page_info
from integration.tenders.read_tenders import get_tender, list_tenders

Context = grpc.ServicerContext


class TenderService(Servicer, pb_grpc.TenderServiceServicer):
    def GetTender(self, request: pb.GetTenderRequest, context: Context) -> pb.GetTenderResponse:
        def query(tx: Transaction) -> pb.GetTenderResponse:
            return pb.GetTenderResponse(tender=mapping.tender(*get_tender(tx, request.tender_id)))

        return self.read(request, query)

    def ListTenders(self, request: pb.ListTendersRequest, context: Context) -> pb.ListTendersResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListTendersResponse:
            rows, token = list_tenders(tx, page, request.text, request.region, request.state)
            return pb.ListTendersResponse(tenders=map(mapping.tender, rows), page=page_info(token))

        return self.read(request, query)
