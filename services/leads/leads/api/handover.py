"""Handovers: what is handed over, who takes it, and both sides' check-off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.policy import Policies
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import handover_service_pb2 as pb
from closeloop.leads.v1 import handover_service_pb2_grpc as pb_grpc
from leads.api import handover_messages as messages
from leads.handover import list_store
from leads.handover.check_off import check_off
from leads.handover.decide_items import decide_items
from leads.handover.inform_customers import inform_customers
from leads.handover.list_handovers import list_handovers, list_items
from leads.handover.list_store import ItemWish, Wish
from leads.handover.release_handover import release_handover
from leads.handover.report_handovers import report_handovers
from leads.handover.rules import Side
from leads.handover.watch_loss import report_loss
from leads.mapping import common as mapping


class HandoverService(Servicer, pb_grpc.HandoverServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies) -> None:
        super().__init__(uow)
        self._policies = policies

    def ListHandovers(self, request: pb.ListHandoversRequest, context: Any) -> pb.ListHandoversResponse:
        wish = Wish(
            messages.state_of(request.state),
            request.employee_id,
            _instant(request, "since"),
            _instant(request, "until"),
        )

        def answer(tx: Transaction) -> pb.ListHandoversResponse:
            rows, token = list_handovers(tx, Page.of(request.page), wish)
            return pb.ListHandoversResponse(handovers=map(messages.handover, rows), page=mapping.page(token))

        return self.read(request, answer)

    def GetHandover(self, request: pb.GetHandoverRequest, context: Any) -> pb.GetHandoverResponse:
        def answer(tx: Transaction) -> pb.GetHandoverResponse:
            row = list_store.load(tx, request.handover_id)
            return pb.GetHandoverResponse(handover=messages.handover(row))

        return self.read(request, answer)

    def ListHandoverItems(self, request: pb.ListHandoverItemsRequest, context: Any) -> pb.ListHandoverItemsResponse:
        policy, completeness = self._policies.current("handover")[1], self._policies.current("completeness")[1]
        state = messages.item_state_of(request.state)
        wish = ItemWish(state, request.taker_id, request.lost_only, request.unchecked_only)

        def answer(tx: Transaction) -> pb.ListHandoverItemsResponse:
            found = list_items(tx, request.handover_id, Page.of(request.page), wish, completeness)
            items = [messages.item(row, found.handover, found.files.get(row.subject_id), policy) for row in found.rows]
            return pb.ListHandoverItemsResponse(items=items, page=mapping.page(found.token))

        return self.read(request, answer)

    def DecideHandoverItems(
        self, request: pb.DecideHandoverItemsRequest, context: Any
    ) -> pb.DecideHandoverItemsResponse:
        def answer(tx: Transaction) -> pb.DecideHandoverItemsResponse:
            decided = decide_items(tx, request.handover_id, request.item_ids, request.employee_id, request.reason)
            return pb.DecideHandoverItemsResponse(decided=decided)

        return self.change(request, answer)

    def ReleaseHandover(self, request: pb.ReleaseHandoverRequest, context: Any) -> pb.ReleaseHandoverResponse:
        def answer(tx: Transaction) -> pb.ReleaseHandoverResponse:
            release_handover(tx, request.handover_id, request.reason)
            row = list_store.load(tx, request.handover_id)
            return pb.ReleaseHandoverResponse(handover=messages.handover(row))

        return self.change(request, answer)

    def CheckOffHandover(self, request: pb.CheckOffHandoverRequest, context: Any) -> pb.CheckOffHandoverResponse:
        completeness = self._policies.current("completeness")[1]
        side = Side.GIVER if request.side == pb.HANDOVER_SIDE_GIVER else Side.TAKER

        def answer(tx: Transaction) -> pb.CheckOffHandoverResponse:
            done = check_off(
                tx, request.handover_id, side, request.item_ids, request.remark, request.accept_gaps, completeness
            )
            return messages.checked_off(done)

        return self.change(request, answer)

    def InformCustomers(self, request: pb.InformCustomersRequest, context: Any) -> pb.InformCustomersResponse:
        policy = self._policies.current("handover")[1]

        def answer(tx: Transaction) -> pb.InformCustomersResponse:
            informed = inform_customers(tx, request.handover_id, request.item_ids, request.channel, policy)
            return pb.InformCustomersResponse(informed=informed)

        return self.change(request, answer)

    def ReportLoss(self, request: pb.ReportLossRequest, context: Any) -> pb.ReportLossResponse:
        policy = self._policies.current("handover")[1]

        def answer(tx: Transaction) -> pb.ReportLossResponse:
            row = report_loss(tx, request.handover_id, request.item_id, request.reason)
            handover = list_store.load(tx, request.handover_id)
            return pb.ReportLossResponse(item=messages.item(row, handover, None, policy))

        return self.change(request, answer)

    def ReportHandovers(self, request: pb.ReportHandoversRequest, context: Any) -> pb.ReportHandoversResponse:
        policy = self._policies.current("handover")[1]
        wish = Wish(since=_instant(request, "since"), until=_instant(request, "until"))
        return self.read(request, lambda tx: messages.report(*report_handovers(tx, wish, policy)))


def _instant(request: Any, field: str) -> datetime | None:
    stamp: Timestamp = getattr(request, field)
    return stamp.ToDatetime(UTC) if request.HasField(field) else None
