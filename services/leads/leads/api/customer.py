"""Customers for screens and neighbours."""

from __future__ import annotations

from typing import Any

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.leads.v1 import customer_service_pb2 as pb
from closeloop.leads.v1 import customer_service_pb2_grpc as pb_grpc
from leads.customers import store
from leads.customers.import_customers import import_customers
from leads.customers.list_customers import list_customers
from leads.mapping import common
from leads.mapping import customers as mapping
from leads.roster import store as roster


class CustomerService(Servicer, pb_grpc.CustomerServiceServicer):
    def GetCustomer(self, request: pb.GetCustomerRequest, context: Any) -> pb.GetCustomerResponse:
        def answer(tx: Transaction) -> pb.GetCustomerResponse:
            found = store.load(tx, request.customer_id)
            return pb.GetCustomerResponse(customer=mapping.customer(found, roster.people(tx, [found.owner_id])))

        return self.read(request, answer)

    def ListCustomers(self, request: pb.ListCustomersRequest, context: Any) -> pb.ListCustomersResponse:
        def answer(tx: Transaction) -> pb.ListCustomersResponse:
            found, token = list_customers(tx, Page.of(request.page), mapping.customer_wish(request))
            people = roster.people(tx, {each.customer.owner_id for each in found})
            return pb.ListCustomersResponse(
                customers=[mapping.customer(each.customer, people) for each in found],
                page=common.page(token),
                completeness=map(mapping.customer_completeness, found),
            )

        return self.read(request, answer)

    def ImportCustomers(self, request: pb.ImportCustomersRequest, context: Any) -> pb.ImportCustomersResponse:
        rows = [mapping.customer_row(each) for each in request.customers]
        return self.change(request, lambda tx: mapping.imported_customers(import_customers(tx, rows)))
