"""ProductService: decode, call, encode."""

from __future__ import annotations

import grpc

from chassis.kernel.calendar import local_date
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.integration.v1 import product_service_pb2 as pb
from closeloop.integration.v1 import product_service_pb2_grpc as pb_grpc
from integration.mapping import products as mapping
from integration.mapping.common import page_info
from integration.products.read_products import get_product, list_products

Context = grpc.ServicerContext


class ProductService(Servicer, pb_grpc.ProductServiceServicer):
    def GetProduct(self, request: pb.GetProductRequest, context: Context) -> pb.GetProductResponse:
        def query(tx: Transaction) -> pb.GetProductResponse:
            row = get_product(tx, request.product_code)
            return pb.GetProductResponse(product=mapping.product(row, local_date(tx.now)))

        return self.read(request, query)

    def ListProducts(self, request: pb.ListProductsRequest, context: Context) -> pb.ListProductsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListProductsResponse:
            rows, token = list_products(tx, page, request.text, request.registration_ends_by)
            told = [mapping.product(row, local_date(tx.now)) for row in rows]
            return pb.ListProductsResponse(products=told, page=page_info(token))

        return self.read(request, query)
