"""ThreeWayService: decode, call, encode."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.integration.v1 import three_way_service_pb2 as pb
from closeloop.integration.v1 import three_way_service_pb2_grpc as pb_grpc
from integration.board.list_board import list_board, list_customers
from integration.board.origin_rules import Origins
from integration.board.policy import ThreeWayPolicy
from integration.board.read_thread import read_thread, read_thread_of_order
from integration.board_marks.store import CUSTOMER
from integration.claiming.summarise_collections import standing_of_bank
from integration.mapping import three_way as mapping
from integration.mapping.common import page_info

Context = grpc.ServicerContext


class ThreeWayService(Servicer, pb_grpc.ThreeWayServiceServicer):
    def __init__(self, uow: UnitOfWork, policy: Callable[[], ThreeWayPolicy], origins: Origins) -> None:
        super().__init__(uow)
        self._policy = policy
        self._origins = origins

    def ListThreeWay(self, request: pb.ListThreeWayRequest, context: Context) -> pb.ListThreeWayResponse:
        page, filters = Page.of(request.page), mapping.filters_in(request)

        def query(tx: Transaction) -> pb.ListThreeWayResponse:
            return mapping.board(list_board(tx, page, filters), standing_of_bank(tx))

        return self.read(request, query)

    def ListThreeWayCustomers(
        self, request: pb.ListThreeWayCustomersRequest, context: Context
    ) -> pb.ListThreeWayCustomersResponse:
        page, filters = Page.of(request.page), mapping.customer_filters_in(request)

        def query(tx: Transaction) -> pb.ListThreeWayCustomersResponse:
            rows, token = list_customers(tx, page, filters)
            return pb.ListThreeWayCustomersResponse(
                customers=map(mapping.customer, rows),
                page=page_info(token),
                provenance=mapping.provenance(*standing_of_bank(tx)),
            )

        return self.read(request, query)

    def GetOrderThread(self, request: pb.GetOrderThreadRequest, context: Context) -> pb.GetOrderThreadResponse:
        def query(tx: Transaction) -> pb.Thread:
            return mapping.thread(read_thread_of_order(tx, request.order_id, self._policy()), standing_of_bank(tx))

        return pb.GetOrderThreadResponse(thread=self._with_origin(self.read(request, query)))

    def GetContractThread(self, request: pb.GetContractThreadRequest, context: Context) -> pb.GetContractThreadResponse:
        def query(tx: Transaction) -> pb.Thread:
            return mapping.thread(read_thread(tx, request.contract_number, self._policy()), standing_of_bank(tx))

        return pb.GetContractThreadResponse(thread=self._with_origin(self.read(request, query)))

    def _with_origin(self, told: pb.Thread) -> pb.Thread:
        """Forecast is asked outside of the transaction, for a contract that nobody entered too."""
        number = told.contract_number or told.thread
        known = None if number.startswith(CUSTOMER) else self._origins.of_contract(number)
        return mapping.with_origin(told, known)
