"""CallbackService: decode, call, encode. A callback carries its own identity (nonce, message id), no request_id."""

from __future__ import annotations

from datetime import UTC, datetime

import grpc

from chassis.rpc.context import current
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import UnitOfWork
from closeloop.integration.v1 import callback_service_pb2 as pb
from closeloop.integration.v1 import callback_service_pb2_grpc as pb_grpc
from integration.callbacks.errors import CallbackNotConfigured, UnknownCallbackSource
from integration.callbacks.receive_wecom import SOURCE, receive_wecom
from integration.callbacks.wecom_cipher import WecomCipher

Context = grpc.ServicerContext


class CallbackService(Servicer, pb_grpc.CallbackServiceServicer):
    def __init__(self, uow: UnitOfWork, wecom: WecomCipher | None) -> None:
        super().__init__(uow)
        self._callbacks_uow = uow
        self._wecom = wecom

    def ReceiveCallback(self, request: pb.ReceiveCallbackRequest, context: Context) -> pb.ReceiveCallbackResponse:
        if request.source != SOURCE:
            raise UnknownCallbackSource(source=request.source)
        if self._wecom is None:
            raise CallbackNotConfigured(source=request.source)
        with self._callbacks_uow.begin(current().identity, source=f"callback {SOURCE}") as tx:
            # The sender stamps real time, whatever the business clock says.
            answer = receive_wecom(tx, self._wecom, request.method, request.query, request.body, datetime.now(UTC))
            tx.commit()
        return pb.ReceiveCallbackResponse(content_type="text/plain; charset=utf-8", body=answer)
