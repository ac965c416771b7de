"""ErpDocumentService: decode, call, encode."""

from __future__ import annotations

import grpc

from chassis.kernel.calendar import local_date
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.integration.v1 import erp_document_service_pb2 as pb
from closeloop.integration.v1 import erp_document_service_pb2_grpc as pb_grpc
from integration.deliveries.list_deliveries import list_deliveries
from integration.invoices.list_invoices import list_invoices
from integration.mapping import erp_documents as mapping
from integration.mapping.common import page_info
from integration.schedules.list_schedules import list_schedules
from integration.service_calls.list_service_calls import list_service_calls
from integration.stock.list_stock import list_stock

Context = grpc.ServicerContext


class ErpDocumentService(Servicer, pb_grpc.ErpDocumentServiceServicer):
    def ListSchedules(self, request: pb.ListSchedulesRequest, context: Context) -> pb.ListSchedulesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListSchedulesResponse:
            rows, token = list_schedules(tx, page, request.order_id)
            return pb.ListSchedulesResponse(schedules=map(mapping.schedule, rows), page=page_info(token))

        return self.read(request, query)

    def ListShipments(self, request: pb.ListShipmentsRequest, context: Context) -> pb.ListShipmentsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListShipmentsResponse:
            asked = (request.order_id, request.contract_number, request.customer_code)
            rows, token = list_deliveries(tx, page, *asked)
            return pb.ListShipmentsResponse(shipments=map(mapping.shipment, rows), page=page_info(token))

        return self.read(request, query)

    def ListInvoices(self, request: pb.ListInvoicesRequest, context: Context) -> pb.ListInvoicesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListInvoicesResponse:
            asked = (request.order_id, request.contract_number, request.customer_code)
            rows, token = list_invoices(tx, page, *asked)
            return pb.ListInvoicesResponse(invoices=map(mapping.invoice, rows), page=page_info(token))

        return self.read(request, query)

    def ListServiceCalls(self, request: pb.ListServiceCallsRequest, context: Context) -> pb.ListServiceCallsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListServiceCallsResponse:
            rows, token = list_service_calls(tx, page, request.customer_code, open_only=request.open_only)
            return pb.ListServiceCallsResponse(service_calls=map(mapping.service_call, rows), page=page_info(token))

        return self.read(request, query)

    def ListStock(self, request: pb.ListStockRequest, context: Context) -> pb.ListStockResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListStockResponse:
            rows, token = list_stock(tx, page, request.product_code)
            told = [mapping.stock_item(row, local_date(tx.now)) for row in rows]
            return pb.ListStockResponse(stock=told, page=page_info(token))

        return self.read(request, query)
