"""RetailService: decode, call, encode."""

from __future__ import annotations

import grpc

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.integration.v1 import retail_service_pb2 as pb
from closeloop.integration.v1 import retail_service_pb2_grpc as pb_grpc
from integration.mapping import retail as mapping
from integration.mapping.common import page_info
from integration.pos.read_pos_sales import list_sales
from integration.promotions.read_promotions import get_promotion, list_promotions

Context = grpc.ServicerContext


class RetailService(Servicer, pb_grpc.RetailServiceServicer):
    def ListPosSales(self, request: pb.ListPosSalesRequest, context: Context) -> pb.ListPosSalesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListPosSalesResponse:
            rows, token, under_way = list_sales(tx, page, request.month, request.region)
            told = map(mapping.sales, rows)
            return pb.ListPosSalesResponse(sales=told, under_way=under_way, page=page_info(token))

        return self.read(request, query)

    def GetPromotion(self, request: pb.GetPromotionRequest, context: Context) -> pb.GetPromotionResponse:
        def query(tx: Transaction) -> pb.GetPromotionResponse:
            return pb.GetPromotionResponse(promotion=mapping.promotion(get_promotion(tx, request.promotion_id)))

        return self.read(request, query)

    def ListPromotions(self, request: pb.ListPromotionsRequest, context: Context) -> pb.ListPromotionsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListPromotionsResponse:
            rows, token = list_promotions(tx, page, request.day, request.region, request.sku)
            return pb.ListPromotionsResponse(promotions=map(mapping.promotion, rows), page=page_info(token))

        return self.read(request, query)
