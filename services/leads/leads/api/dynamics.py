"""What happens around a customer."""

from __future__ import annotations

from typing import Any

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.leads.v1 import customer_dynamics_service_pb2 as pb
from closeloop.leads.v1 import customer_dynamics_service_pb2_grpc as pb_grpc
from leads.dynamics.list_dynamics import list_dynamics
from leads.dynamics.rules import Dynamic
from leads.mapping import common as mapping


class CustomerDynamicsService(Servicer, pb_grpc.CustomerDynamicsServiceServicer):
    def ListCustomerDynamics(
        self, request: pb.ListCustomerDynamicsRequest, context: Any
    ) -> pb.ListCustomerDynamicsResponse:
        def answer(tx: Transaction) -> pb.ListCustomerDynamicsResponse:
            rows, token = list_dynamics(tx, request.customer_id, Page.of(request.page))
            return pb.ListCustomerDynamicsResponse(dynamics=map(_dynamic, rows), page=mapping.page(token))

        return self.read(request, answer)


def _dynamic(row: Dynamic) -> pb.CustomerDynamic:
    return pb.CustomerDynamic(
        kind=row.kind.value,
        at=mapping.instant(row.at),
        text=row.text,
        text_zh=row.text_zh,
        reference=row.reference,
        url=row.url,
    )
