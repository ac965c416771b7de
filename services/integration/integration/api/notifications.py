"""NotificationService: decode, call, encode."""

from __future__ import annotations

import grpc

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.integration.v1 import notification_service_pb2 as pb
from closeloop.integration.v1 import notification_service_pb2_grpc as pb_grpc
from integration.mapping import notifications as mapping
from integration.mapping.common import page_info
from integration.notifications.read_inbox import list_deliveries, list_notifications, mark_read

Context = grpc.ServicerContext


class NotificationService(Servicer, pb_grpc.NotificationServiceServicer):
    def ListNotifications(self, request: pb.ListNotificationsRequest, context: Context) -> pb.ListNotificationsResponse:
        page = Page.of(request.page)
        after_id = request.after_id if request.HasField("after_id") else None

        def query(tx: Transaction) -> pb.ListNotificationsResponse:
            rows, unread, token = list_notifications(
                tx, page, unread_only=request.unread_only, after_id=after_id, kinds=list(request.kinds)
            )
            return pb.ListNotificationsResponse(
                notifications=[mapping.notification(row) for row in rows], unread=unread, page=page_info(token)
            )

        return self.read(request, query)

    def MarkRead(self, request: pb.MarkReadRequest, context: Context) -> pb.MarkReadResponse:
        return self.change(request, lambda tx: pb.MarkReadResponse(unread=mark_read(tx, request.notification_ids)))

    def ListDeliveries(self, request: pb.ListDeliveriesRequest, context: Context) -> pb.ListDeliveriesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListDeliveriesResponse:
            rows, token = list_deliveries(tx, page, request.recipient_id)
            return pb.ListDeliveriesResponse(deliveries=[mapping.delivery(row) for row in rows], page=page_info(token))

        return self.read(request, query)
