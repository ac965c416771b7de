"""CallbackService: decode, call, encode. A callback carries its own identity (nonce, message id), no request_id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import grpc

from chassis.rpc.context import current
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import UnitOfWork
from closeloop.integration.v1 import callback_service_pb2 as pb
from closeloop.integration.v1 import callback_service_pb2_grpc as pb_grpc
from integration.callbacks.callback_cipher import CallbackCipher
from integration.callbacks.errors import CallbackNotConfigured, UnknownCallbackSource
from integration.callbacks.receive_dingtalk import SOURCE as DINGTALK
from integration.callbacks.receive_dingtalk import receive_dingtalk
from integration.callbacks.receive_wecom import SOURCE as WECOM
from integration.callbacks.receive_wecom import receive_wecom

Context = grpc.ServicerContext
# What each is answered in.
SOURCES = {WECOM: "text/plain; charset=utf-8", DINGTALK: "application/json"}


class CallbackService(Servicer, pb_grpc.CallbackServiceServicer):
    """`ciphers`: by source, of those that are set up."""

    def __init__(self, uow: UnitOfWork, ciphers: Mapping[str, CallbackCipher]) -> None:
        super().__init__(uow)
        self._callbacks_uow = uow
        self._ciphers = ciphers

    def ReceiveCallback(self, request: pb.ReceiveCallbackRequest, context: Context) -> pb.ReceiveCallbackResponse:
        source, query, body = request.source, request.query, request.body
        if source not in SOURCES:
            raise UnknownCallbackSource(source=source)
        if source not in self._ciphers:
            raise CallbackNotConfigured(source=source)
        cipher = self._ciphers[source]
        # The sender stamps real time, whatever the business clock says.
        now = datetime.now(UTC)
        with self._callbacks_uow.begin(current().identity, source=f"callback {source}") as tx:
            if source == DINGTALK:
                answer = receive_dingtalk(tx, cipher, query, body, now)
            else:
                answer = receive_wecom(tx, cipher, request.method, query, body, now)
            tx.commit()
        return pb.ReceiveCallbackResponse(content_type=SOURCES[source], body=answer)
