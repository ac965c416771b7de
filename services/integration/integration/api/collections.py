"""CollectionService: decode, call, encode."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from chassis.files import FileStore
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.integration.v1 import collection_service_pb2 as pb
from closeloop.integration.v1 import collection_service_pb2_grpc as pb_grpc
from integration.claiming.claim_receipt import claim_receipt
from integration.claiming.find_refunds import list_refunds
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.read_receipts import get_receipt, list_receipts
from integration.claiming.refund_receipt import refund_receipt
from integration.claiming.summarise_collections import summarise_collections
from integration.claiming.undo_claim import undo_claim
from integration.definitions.policy import DefinitionsPolicy
from integration.mapping import collections as mapping
from integration.mapping.common import page_info
from integration.orders.read_orders import get_order, list_orders
from integration.pos.import_sales import import_sales, read_file
from integration.receivables.list_receivables import list_receivables

Context = grpc.ServicerContext


class CollectionService(Servicer, pb_grpc.CollectionServiceServicer):
    def __init__(
        self,
        uow: UnitOfWork,
        policy: Callable[[], ClaimingPolicy],
        definitions: Callable[[], DefinitionsPolicy],
        files: FileStore,
    ) -> None:
        super().__init__(uow)
        self._definitions = definitions
        self._policy = policy
        self._files = files

    def ListOrders(self, request: pb.ListOrdersRequest, context: Context) -> pb.ListOrdersResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListOrdersResponse:
            rows, token = list_orders(tx, page, request.contract_number, request.customer_code)
            return pb.ListOrdersResponse(orders=[mapping.order(row) for row in rows], page=page_info(token))

        return self.read(request, query)

    def GetOrder(self, request: pb.GetOrderRequest, context: Context) -> pb.GetOrderResponse:
        return self.read(request, lambda tx: pb.GetOrderResponse(order=mapping.order(get_order(tx, request.order_id))))

    def ListReceivables(self, request: pb.ListReceivablesRequest, context: Context) -> pb.ListReceivablesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListReceivablesResponse:
            rows, payers, token = list_receivables(
                tx, page, request.contract_number, request.customer_code, open_only=request.open_only
            )
            found = [mapping.receivable(row, payers.get(row.customer_code, ())) for row in rows]
            return pb.ListReceivablesResponse(receivables=found, page=page_info(token))

        return self.read(request, query)

    def ListReceipts(self, request: pb.ListReceiptsRequest, context: Context) -> pb.ListReceiptsResponse:
        page = Page.of(request.page)
        states = [mapping.STATES_IN[each] for each in request.states if each in mapping.STATES_IN]

        def query(tx: Transaction) -> pb.ListReceiptsResponse:
            views, token = list_receipts(tx, page, states, request.month, request.text)
            return pb.ListReceiptsResponse(receipts=[mapping.receipt(each) for each in views], page=page_info(token))

        return self.read(request, query)

    def GetReceipt(self, request: pb.GetReceiptRequest, context: Context) -> pb.GetReceiptResponse:
        return self.read(request, lambda tx: pb.GetReceiptResponse(receipt=self._receipt(tx, request.receipt_id)))

    def ClaimReceipt(self, request: pb.ClaimReceiptRequest, context: Context) -> pb.ClaimReceiptResponse:
        parts = [mapping.part_in(each) for each in request.parts]

        def decide(tx: Transaction) -> pb.ClaimReceiptResponse:
            claim_receipt(tx, request.receipt_id, parts, self._policy())
            return pb.ClaimReceiptResponse(receipt=self._receipt(tx, request.receipt_id))

        return self.change(request, decide)

    def UndoClaim(self, request: pb.UndoClaimRequest, context: Context) -> pb.UndoClaimResponse:
        def decide(tx: Transaction) -> pb.UndoClaimResponse:
            receipt_id = undo_claim(tx, request.claim_id, request.reason)
            return pb.UndoClaimResponse(receipt=self._receipt(tx, receipt_id))

        return self.change(request, decide)

    def ListRefunds(self, request: pb.ListRefundsRequest, context: Context) -> pb.ListRefundsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListRefundsResponse:
            views, token = list_refunds(tx, page, self._policy())
            return pb.ListRefundsResponse(refunds=[mapping.refund(each) for each in views], page=page_info(token))

        return self.read(request, query)

    def RefundReceipt(self, request: pb.RefundReceiptRequest, context: Context) -> pb.RefundReceiptResponse:
        def decide(tx: Transaction) -> pb.RefundReceiptResponse:
            refund_receipt(tx, request.receipt_id, request.refund_id)
            return pb.RefundReceiptResponse(receipt=self._receipt(tx, request.receipt_id))

        return self.change(request, decide)

    def GetCollectionSummary(
        self, request: pb.GetCollectionSummaryRequest, context: Context
    ) -> pb.GetCollectionSummaryResponse:
        registry = self._definitions()
        return self.read(request, lambda tx: mapping.summary(summarise_collections(tx, request.month, registry)))

    def ImportPosSales(self, request: pb.ImportPosSalesRequest, context: Context) -> pb.ImportPosSalesResponse:
        sales = read_file(self._files, request.file_id)
        return self.change(request, lambda tx: mapping.load(import_sales(tx, request.file_id, sales)))

    def _receipt(self, tx: Transaction, receipt_id: str) -> pb.Receipt:
        return mapping.receipt(get_receipt(tx, receipt_id, self._policy()))
